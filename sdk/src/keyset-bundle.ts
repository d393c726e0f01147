/** Key set documents from the wire: every signed document is parsed strictly, whatever surrounds it is not trusted either. */
import type { KeysetBundle } from "@halfkey/core/client/load-keyset"
import { HalfkeyError, keysetCheckFailed } from "@halfkey/core/formats/errors"
import { parseGrant, parseRecoveryGrant, type RecoveryGrant } from "@halfkey/core/formats/grant"
import { type Manifest, manifestFormat } from "@halfkey/core/formats/manifest"
import { type Roster, rosterFormat, type WorkspaceRootKeys } from "@halfkey/core/formats/roster"
import type { AnswerReader } from "./answer-reader.ts"

/** Reads a bundle. Throws `keyset_verification_failed`, check "encoding", for a document that is not canonical. */
export function readBundle(answer: AnswerReader): KeysetBundle {
  const recoveryGrants = answer.field("recoveryGrants")
  return {
    root: readRootKeys(answer.field("root")),
    rosters: readRosters(answer.field("rosters")),
    manifests: readManifests(answer.field("manifests")),
    grants: answer
      .field("grants")
      .list()
      .map((grant) => strictly(() => parseGrant(grant.raw))),
    recoveryGrants: recoveryGrants.present ? readRecoveryGrants(recoveryGrants) : undefined,
  }
}

export function readManifests(answer: AnswerReader): Manifest[] {
  return answer.list().map((manifest) => strictly(() => manifestFormat.parse(manifest.raw)))
}

export function readRecoveryGrants(answer: AnswerReader): RecoveryGrant[] {
  return answer.list().map((grant) => strictly(() => parseRecoveryGrant(grant.raw)))
}

export function readRootKeys(answer: AnswerReader): WorkspaceRootKeys {
  return { signPk: answer.field("signPk").bytes(32), kemPk: answer.field("kemPk").bytes(1216) }
}

export function readRosters(answer: AnswerReader): Roster[] {
  return answer.list().map((roster) => strictly(() => rosterFormat.parse(roster.raw)))
}

function strictly<T>(parse: () => T): T {
  try {
    return parse()
  } catch (error) {
    if (error instanceof HalfkeyError && error.code === "invalid_document") {
      throw keysetCheckFailed("encoding", error.message)
    }
    throw error
  }
}
