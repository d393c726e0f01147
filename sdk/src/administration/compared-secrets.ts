/** Which secrets the server went back on: versions here and there, and what can be done about each from here. */
import { HalfkeyError } from "@halfkey/core/formats/errors"
import type { KeysetId } from "@halfkey/core/formats/ids"
import type { Manifest } from "@halfkey/core/formats/manifest"
import { parseRecord } from "@halfkey/core/formats/record"
import { equalBytes } from "@halfkey/core/primitives/hash"
import type { CallScope } from "../call-scope.ts"
import type { Session } from "../session.ts"
import type { ServedMetadata } from "../vault-answers.ts"
import { listMetadata } from "../vault-list.ts"
import type { RememberedKeyset, RememberedSecret } from "./remembered.ts"
import type { ComparedSecret, SecretRemedy } from "./restore-types.ts"

export interface SecretComparison {
  readonly differences: readonly ComparedSecret[]
  /** Why the server's side could not be seen, as a problem code. */
  readonly unknown: string | undefined
}

/** Refusals that leave open what is there: this client is no member, the environment is shut, or the key is narrowed. */
const closed = ["keyset_not_found", "keyset_disabled", "insufficient_scope", "api_key_restricted", "mode_not_allowed"]

/** `there`: the served manifest; without one everything is lost. */
export async function compareSecrets(
  session: Session,
  scope: CallScope,
  keysetId: KeysetId,
  known: RememberedKeyset | undefined,
  there: Manifest | undefined,
): Promise<SecretComparison> {
  if (known === undefined || known.secrets.size === 0) return { differences: [], unknown: undefined }
  try {
    const listed =
      there === undefined ? [] : await listMetadata(session, scope, { environment: keysetId, deleted: true })
    const served = new Map(listed.map((metadata) => [metadata.name, metadata]))
    const names = [...known.secrets.keys()].sort()
    const differences = names.flatMap((name) => {
      const here = known.secrets.get(name)
      const difference = here && compareOne(name, here, served.get(name), known.manifest, there)
      return difference === undefined ? [] : [difference]
    })
    return { differences, unknown: undefined }
  } catch (error) {
    if (!(error instanceof HalfkeyError) || !closed.includes(error.code)) throw error
    return { differences: [], unknown: error.code }
  }
}

/** A deletion that the server does not know of is lost only where it shows what was deleted; but clients refuse it. */
function compareOne(
  name: string,
  here: RememberedSecret,
  served: Pick<ServedMetadata, "version" | "deleted"> | undefined,
  remembered: Manifest | undefined,
  there: Manifest | undefined,
): ComparedSecret | undefined {
  const { deleted, version } = served ?? { version: 0, deleted: true }
  const isDeletedTwice = here.deleted && deleted
  if (version >= here.version || (isDeletedTwice && !here.isFloor)) return undefined
  return {
    name,
    here: here.version,
    deletedHere: here.deleted,
    there: version,
    deletedThere: served !== undefined && deleted,
    refused: here.isFloor,
    remedy: isDeletedTwice ? "none" : remedyOf(here, remembered, there),
  }
}

function remedyOf(here: RememberedSecret, remembered: Manifest | undefined, there: Manifest | undefined): SecretRemedy {
  if (there === undefined) return "lost-keys"
  if (here.deleted) return "delete"
  if (here.record === undefined) return "not-kept"
  const { epoch } = parseRecord(here.record).header
  const served = there.epochs.find((each) => each.epoch === epoch)
  const known = remembered?.epochs.find((each) => each.epoch === epoch)
  if (served === undefined) return "lost-keys"
  // The same number with another half: begun by somebody after the restore.
  const isOther = known !== undefined && !equalBytes(known.clientHalfCommitment, served.clientHalfCommitment)
  return isOther ? "lost-keys" : "write"
}
