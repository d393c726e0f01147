/** Rotation (S5): a new epoch, every kept version sealed again, the old keys gone. Whatever was interrupted is gone on with. */
import { requireGranter } from "@halfkey/core/client/next-manifest"
import { retireOldEpochs, rotateKeyset } from "@halfkey/core/client/rotation"
import type { VerifiedDocuments } from "@halfkey/core/client/verified-documents"
import type { VerifiedKeyset } from "@halfkey/core/client/verified-keyset"
import { HalfkeyError } from "@halfkey/core/formats/errors"
import type { ClientId } from "@halfkey/core/formats/ids"
import { wipe } from "@halfkey/core/primitives/bytes"
import type { CallScope } from "../call-scope.ts"
import type { CallOptions } from "../options.ts"
import { jitter } from "../retry.ts"
import type { Session } from "../session.ts"
import { resealAll } from "../vault-reseal.ts"
import { loadForSigning, putChange, signerOf, withSelfWraps } from "./keyset-changes.ts"
import type { RotatedEnvironment, RotateOptions, RotationOptions } from "./rotation-types.ts"

/** Most times in a row that somebody else's change makes a rotation look again, without anything done in between. */
const conflictsMax = 10
const conflictDelayMs = 100

/**
 * Rotates one environment to its end: only the newest epoch is left; of a tenant's key set the old ones stay, too. `without` are members that the new epoch's manifest
 * leaves out. Each request is a call of its own, with its own deadline, so that a large environment may take its time.
 * Throws `not_a_granter` or `mode_not_allowed` before anything is done.
 */
export async function rotateEnvironment(
  session: Session,
  options: CallOptions & RotateOptions,
  environment: string,
  without: readonly ClientId[] = [],
): Promise<RotatedEnvironment> {
  let target: number | undefined
  let resealed = 0
  for (let conflicts = 0; ; ) {
    try {
      const keyset = await session.run(options, async (scope) => {
        return await loadForSigning(session, scope, environment, "seal")
      })
      requireAllowed(session, keyset)
      const { epochs, kind, members } = keyset.manifest
      const newest = keyset.sealingEpoch
      // What others began since this call began is as new as this call wanted.
      target ??= epochs.length > 1 && kind === "environment" && !options.startNew ? newest : newest + 1
      if (newest < target || members.some(({ clientId }) => without.includes(clientId))) {
        await session.run(options, async (scope) => await beginEpoch(session, scope, keyset, without, options))
      } else if (epochs.length === 1) {
        return { environment: keyset.name, epoch: newest, resealed }
      } else {
        resealed += await resealAll(session, options, environment, (done, total) => {
          if (done > 0) conflicts = 0
          options.onProgress?.({ environment: keyset.name, done, total })
        })
        // Fields in somebody's own database need the old epochs, and no server can count them.
        if (kind === "tenant") return { environment: keyset.name, epoch: newest, resealed }
        await session.run(options, async (scope) => await retire(session, scope, keyset))
      }
    } catch (error) {
      if (!isConflict(error) || ++conflicts > conflictsMax) throw error
      await session.run(options, async (scope) => await scope.wait(jitter(conflictDelayMs * conflicts)))
    }
  }
}

/** Signs and sends the manifest with one epoch more, and every remaining member's grant with it: one request for both. */
export async function beginEpoch(
  session: Session,
  scope: CallScope,
  documents: VerifiedDocuments,
  without: readonly ClientId[],
  { beforeSealing }: Pick<RotationOptions, "beforeSealing"> = {},
): Promise<void> {
  const { members, name } = documents.manifest
  const remaining = members.filter(({ clientId }) => !without.includes(clientId))
  const shown = remaining.map(({ clientId, label, mode }) => ({ clientId, label, mode }))
  if ((await beforeSealing?.({ environment: name, members: shown })) === false) {
    throw new HalfkeyError("aborted", "the caller stopped before anything was sealed")
  }
  const rotation = await rotateKeyset(documents, without, signerOf(session), session.random)
  try {
    const { keysetId, workspaceId } = rotation.manifest
    const half = () => rotation.clientHalf
    const { identity } = session.client
    const grants = withSelfWraps(workspaceId, keysetId, rotation.grants, identity, half, session.random)
    await putChange(session, scope, rotation.manifest, grants, rotation.recoveryGrants)
  } finally {
    wipe(rotation.clientHalf)
  }
}

/** The server deletes the authority keys of all epochs but the newest, and refuses while a record needs one. */
async function retire(session: Session, scope: CallScope, keyset: VerifiedKeyset): Promise<void> {
  const manifest = retireOldEpochs(keyset, signerOf(session))
  if (manifest !== undefined) await putChange(session, scope, manifest, [])
}

/** Told before the first request that changes something, so that no rotation is begun that cannot be finished. */
function requireAllowed(session: Session, { mode, name, roster }: VerifiedKeyset): void {
  requireGranter(roster, session.client.identity.clientId)
  if (mode === "read-write") return
  throw new HalfkeyError(
    "mode_not_allowed",
    `rotating opens and seals every version, and this client's mode in ${name} is ${mode}`,
    {
      hint: `rotate as a granter whose mode in ${name} is read-write`,
    },
  )
}

function isConflict(error: unknown): boolean {
  return (
    error instanceof HalfkeyError && ["revision_conflict", "epoch_changed", "version_conflict"].includes(error.code)
  )
}
