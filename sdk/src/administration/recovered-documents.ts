/** What the server holds of a workspace, verified for whoever has nothing but the root (S4, S5). */
import { checkRoot, checkRosters, verifyDocuments } from "@halfkey/core/client/load-keyset"
import type { VerifiedDocuments } from "@halfkey/core/client/verified-documents"
import { keysetCheckFailed } from "@halfkey/core/formats/errors"
import type { RecoveryGrant } from "@halfkey/core/formats/grant"
import type { KeysetId, WorkspaceId } from "@halfkey/core/formats/ids"
import { type Roster, rosterFormat } from "@halfkey/core/formats/roster"
import type { AnswerReader } from "../answer-reader.ts"
import type { Floors } from "../floors.ts"
import { readManifests, readRecoveryGrants, readRootKeys, readRosters } from "../keyset-bundle.ts"
import { documentFloors } from "../keysets.ts"

export interface RecoverableKeyset {
  readonly documents: VerifiedDocuments
  readonly recoveryGrants: readonly RecoveryGrant[]
  /** It stays shut: it is destroyed, or the caller leaves it out. */
  readonly staysShut: boolean
}

export interface RecoverableWorkspace {
  readonly roster: Roster
  readonly keysets: readonly RecoverableKeyset[]
}

/**
 * Checks 1 to 9 of S4 for every key set. Throws `keyset_verification_failed`. With floors (S10) nothing older is believed,
 * and no key set that was seen before may be missing.
 */
export function verifyRecoverable(
  answer: AnswerReader,
  workspaceId: WorkspaceId,
  floors: Floors,
  without: readonly string[],
): RecoverableWorkspace {
  const root = readRootKeys(answer.field("root"))
  const rosters = readRosters(answer.field("rosters"))
  checkRoot(workspaceId, root)
  const roster = checkRosters(workspaceId, root, rosters)
  const seen = floors.documents()
  const keysets = answer
    .field("keysets")
    .list()
    .map((item): RecoverableKeyset => {
      const manifests = readManifests(item.field("manifests"))
      const recoveryGrants = readRecoveryGrants(item.field("recoveryGrants"))
      const newest = manifests.at(-1)
      if (newest === undefined) throw keysetCheckFailed("manifest", "the server sent no manifest")
      const { epochs, keysetId, name, state } = newest
      const isPurged = state === "destroyed" && recoveryGrants.length < epochs.length
      const staysShut = isPurged || without.includes(name)
      const documents = verifyDocuments({
        workspaceId,
        bundle: { root, rosters, manifests, grants: [], recoveryGrants },
        expected: { name, keysetId: (floors.keysetIdOf(name) as KeysetId | undefined) ?? keysetId },
        floors: documentFloors(seen, newest, floors),
        requireRecovery: !staysShut,
      })
      return { documents, recoveryGrants, staysShut }
    })
  requireEach(
    keysets,
    [...seen.keysets].map(([id, { name }]) => ({ id, name })),
  )
  const floor = seen.roster
  if (floor !== undefined && roster.seq < floor.seq) {
    throw keysetCheckFailed("freshness", `roster ${roster.seq} is older than roster ${floor.seq} seen before`)
  }
  floors.seeRoster(roster, rosterFormat.hash(roster), rosters)
  for (const { documents } of keysets) floors.seeManifest(documents.manifest, documents.manifestHash)
  return { roster, keysets }
}

/** Each once, each under a name of its own, and none that was seen before is missing. */
function requireEach(
  keysets: readonly RecoverableKeyset[],
  seen: readonly { readonly id: string; readonly name: string }[],
): void {
  const ids = new Set<string>()
  const names = new Set<string>()
  for (const { documents } of keysets) {
    const { keysetId, name } = documents.manifest
    if (ids.has(keysetId)) throw keysetCheckFailed("key set", `the server sent ${name} twice`)
    if (names.has(name)) throw keysetCheckFailed("name", `the server sent two environments of the name ${name}`)
    ids.add(keysetId)
    names.add(name)
  }
  const missing = seen.find(({ id }) => !ids.has(id))
  if (missing !== undefined) {
    throw keysetCheckFailed("freshness", `the server left out ${missing.name}, which was seen before`)
  }
}
