/** The workspace as the server tells it and as this machine proves it: the roster chain against the CRN (S3, S4, S10). */
import { checkRoot, checkRosters } from "@halfkey/core/client/load-keyset"
import { keysetCheckFailed } from "@halfkey/core/formats/errors"
import { isApiKeyId } from "@halfkey/core/formats/ids"
import { type Roster, rosterFormat, type WorkspaceRootKeys } from "@halfkey/core/formats/roster"
import { toBase64Url } from "@halfkey/core/primitives/bytes"
import type { RosterChange } from "@halfkey/core/wire/workspace"
import { type AnswerReader, invalidResponse, malformedAnswer } from "../answer-reader.ts"
import { largeAnswerMaxBytes } from "../api-client.ts"
import type { CallScope } from "../call-scope.ts"
import { readRootKeys, readRosters } from "../keyset-bundle.ts"
import type { Session } from "../session.ts"
import { readRole, readTexts } from "./answers.ts"
import type { ApiKeyNarrowing } from "./api-key-types.ts"
import { changeToJson, rememberOwn, type SignedChange } from "./keyset-changes.ts"
import type { WorkspaceInfo } from "./types.ts"

export interface VerifiedWorkspace {
  readonly info: WorkspaceInfo
  readonly root: WorkspaceRootKeys
  readonly roster: Roster
  /** The whole chain, from its beginning. */
  readonly rosters: readonly Roster[]
  /** The key that the server signs checkpoints with for new rosters, 32 bytes. Its word; the one that counts is the roster's. */
  readonly offeredAuditKey: Uint8Array
}

/** Throws `keyset_verification_failed`, checks "encoding", "root", "roster" or "freshness". */
export async function readWorkspace(session: Session, scope: CallScope): Promise<VerifiedWorkspace> {
  const answer = await session.api.call(scope, {
    method: "GET",
    path: "/v1/workspace",
    repetition: "repeatable",
    maxBytes: largeAnswerMaxBytes,
  })
  const { crn } = session.configuration
  if (answer.field("workspaceCRN").text(200) !== crn.text) throw invalidResponse("it is about another workspace")
  const root = readRootKeys(answer.field("root"))
  const rosters = readRosters(answer.field("rosters"))
  const roster = verifiedRoster(session, root, rosters)
  const caller = answer.field("caller")
  const clientId = caller.field("clientId")
  const told = clientId.present ? clientId.uuid() : null
  if (told !== (session.configuration.client?.clientId ?? null)) throw invalidResponse("it is about another client")
  const apiKeyId = caller.field("apiKeyId").textOrNull()
  if (apiKeyId !== null && !isApiKeyId(apiKeyId)) {
    throw malformedAnswer("answer.caller.apiKeyId", "the id of an API key")
  }
  const info = {
    workspaceCRN: crn.text,
    createdAt: answer.field("createdAt").time(),
    caller: {
      clientId: told,
      apiKeyId,
      role: readRole(caller.field("role")),
      scopes: caller
        .field("scopes")
        .list()
        .map((scopeText) => scopeText.shown(100)),
      narrowing: readNarrowing(caller.field("narrowing")),
    },
    rosterSeq: roster.seq,
    granters: roster.granters.map(({ clientId: id, label }) => ({ clientId: id, label })),
  }
  return { info, root, roster, rosters, offeredAuditKey: answer.field("auditKey").bytes(32) }
}

/** A server of an earlier version does not tell it. */
function readNarrowing(answer: AnswerReader): ApiKeyNarrowing | null {
  if (!answer.present) return null
  return {
    readOnly: answer.field("readOnly").flag(),
    environments: readTexts(answer.field("environments")),
    networks: readTexts(answer.field("networks")),
    expiresAt: answer.field("expiresAt").timeOrNull(),
  }
}

function verifiedRoster(session: Session, root: WorkspaceRootKeys, rosters: readonly Roster[]): Roster {
  const { workspaceId } = session.configuration.crn
  checkRoot(workspaceId, root)
  const roster = checkRosters(workspaceId, root, rosters)
  const floor = session.floors.documents().roster
  if (floor !== undefined) {
    const seen = rosters[floor.seq - 1]
    if (seen === undefined) {
      throw keysetCheckFailed("freshness", `roster ${roster.seq} is older than roster ${floor.seq} seen before`)
    }
    if (toBase64Url(rosterFormat.hash(seen)) !== floor.hash) {
      throw keysetCheckFailed("freshness", `roster ${seen.seq} is not the one seen before`)
    }
  }
  session.floors.seeRoster(roster, rosterFormat.hash(roster), rosters)
  return roster
}

/**
 * Sends the successor of a roster with the manifests that it needs, all or nothing, and remembers it. `restored`: one that
 * the server had before its database was restored.
 */
export async function putRoster(
  session: Session,
  scope: CallScope,
  roster: Roster,
  changes: readonly SignedChange[] = [],
  restored?: true,
): Promise<void> {
  const keysets = changes.map(changeToJson)
  const body: RosterChange = { roster: rosterFormat.toJson(roster), keysets, ...(restored && { restored }) }
  await session.api.call(scope, { method: "PUT", path: "/v1/roster", body, repetition: "repeatable" })
  session.floors.seeRoster(roster, rosterFormat.hash(roster), [roster])
  for (const { manifest } of changes) rememberOwn(session, manifest)
}
