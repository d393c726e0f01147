/** Recovery (S5): with the root, whose X-Wing key every half is sealed to as well, a new admin takes the place of everybody. */

import { keysetCheckFailed } from "../formats/errors.ts"
import { type Grant, type RecoveryGrant, recoveryHash } from "../formats/grant.ts"
import { uuidBytes } from "../formats/ids.ts"
import { clientHalfCommitment, currentEpoch, type Manifest, type ManifestEpoch } from "../formats/manifest.ts"
import { type Granter, type Roster, rosterFormat } from "../formats/roster.ts"
import { wipe } from "../primitives/bytes.ts"
import { equalBytes } from "../primitives/hash.ts"
import type { RandomSource } from "../primitives/random.ts"
import { newClientHalf, openRecoveryGrant, sealGrant, sealRecoveryGrant } from "./client-half.ts"
import { type NewMember, provenMember, type Signer, signNext } from "./next-manifest.ts"
import { nextRoster } from "./roster-changes.ts"
import type { VerifiedDocuments } from "./verified-documents.ts"
import type { WorkspaceRoot } from "./workspace-root.ts"

/** The next manifest of a key set, with the new admin as its only member; one request carries it all (S5). */
export interface RecoveredKeyset {
  readonly manifest: Manifest
  /** To the new admin, of every live epoch, the new one included. */
  readonly grants: readonly Grant[]
  /** Of the new epoch. */
  readonly recoveryGrants: readonly RecoveryGrant[]
  /** G by epoch, 32 bytes each; the caller may make self-wraps from them, then wipes them. */
  readonly clientHalves: ReadonlyMap<number, Uint8Array>
}

/** Signs the successor of a verified roster with the root: this granter alone counts from now on. */
export function recoveredRoster(previous: Roster, admin: Granter, root: WorkspaceRoot, now: number): Roster {
  const signer = { signerId: root.workspaceId, signingKey: root.signingKey, now }
  return nextRoster(previous, [admin], signer)
}

/**
 * Opens every half by its recovery grant, checks it against the manifest, and seals it to the new admin; begins an epoch
 * that nobody else had. A destroyed key set gets no new epoch. `signer` is the admin, `roster` the one that it is in.
 * Throws `keyset_verification_failed`, check "recovery" or "commitment".
 */
export async function recoverKeyset(
  documents: VerifiedDocuments,
  recoveryGrants: readonly RecoveryGrant[],
  root: WorkspaceRoot,
  { admin, roster, signer }: { readonly admin: NewMember; readonly roster: Roster; readonly signer: Signer },
  random: RandomSource,
): Promise<RecoveredKeyset> {
  const { epochs, keysetId, state, workspaceId } = documents.manifest
  const member = provenMember(workspaceId, admin)
  const place = (epoch: number) => ({ workspaceId, keysetId, epoch })
  const clientHalves = new Map<number, Uint8Array>()
  try {
    for (const published of epochs) {
      const half = await recoverHalf(documents.manifest, published, recoveryGrants, root)
      clientHalves.set(published.epoch, half)
    }
    const added = state === "destroyed" ? undefined : await newEpoch(documents, random)
    if (added !== undefined) clientHalves.set(added.published.epoch, added.clientHalf)
    const under = { ...documents, roster, rosterHash: rosterFormat.hash(roster) }
    const live = added === undefined ? epochs : [...epochs, added.published]
    const manifest = signNext(under, { epochs: live, members: [member] }, signer)
    const grants = await Promise.all([...clientHalves].map(([epoch, half]) => sealGrant(place(epoch), member, half)))
    return { manifest, grants, recoveryGrants: added === undefined ? [] : [added.recoveryGrant], clientHalves }
  } catch (error) {
    wipe(...clientHalves.values())
    throw error
  }
}

/**
 * The next manifest of a key set that stays shut: nobody is a member, its halves stay with the root. For one that is
 * destroyed already, or that the holder of the kit leaves for later.
 */
export function leaveForLater(documents: VerifiedDocuments, roster: Roster, signer: Signer): Manifest {
  return signNext({ ...documents, roster, rosterHash: rosterFormat.hash(roster) }, { members: [] }, signer)
}

async function recoverHalf(
  { keysetId, name, workspaceId }: Manifest,
  { clientHalfCommitment: commitment, epoch, recoveryHash: published }: ManifestEpoch,
  grants: readonly RecoveryGrant[],
  root: WorkspaceRoot,
): Promise<Uint8Array> {
  const what = `the recovery grant of ${name}, epoch ${epoch},`
  const grant = grants.find((candidate) => candidate.epoch === epoch && candidate.keysetId === keysetId)
  if (grant === undefined) throw keysetCheckFailed("recovery", `${what} is missing`)
  if (!equalBytes(recoveryHash(grant), published))
    throw keysetCheckFailed("recovery", `${what} is not the published one`)
  const half = await openRecoveryGrant({ workspaceId, keysetId, epoch }, grant, root)
  if (half === undefined) throw keysetCheckFailed("recovery", `${what} does not open with this recovery kit`)
  if (equalBytes(clientHalfCommitment(workspaceId, uuidBytes(keysetId), epoch, half), commitment)) return half
  wipe(half)
  throw keysetCheckFailed("commitment", `${what} holds another half than the one that the manifest commits to`)
}

/** Who was a member knows the halves before; this one nobody had. */
async function newEpoch(documents: VerifiedDocuments, random: RandomSource) {
  const { keysetId, workspaceId } = documents.manifest
  const epoch = (currentEpoch(documents.manifest) ?? 0) + 1
  const clientHalf = newClientHalf(random)
  const recoveryGrant = await sealRecoveryGrant({ workspaceId, keysetId, epoch }, documents.root.kemPk, clientHalf)
  const published = {
    epoch,
    clientHalfCommitment: clientHalfCommitment(workspaceId, uuidBytes(keysetId), epoch, clientHalf),
    recoveryHash: recoveryHash(recoveryGrant),
  }
  return { published, clientHalf, recoveryGrant }
}
