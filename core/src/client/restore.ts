/**
 * Accepting that an operator restored an older database (S10): manifests of a higher incarnation on top of what is served
 * now, that say again what the newest manifest seen before had said. Who was removed since the backup stays out.
 */
import type { Grant, RecoveryGrant } from "../formats/grant.ts"
import { currentEpoch, type Manifest, type ManifestEpoch, type Member, manifestFormat } from "../formats/manifest.ts"
import type { Roster, WorkspaceRootKeys } from "../formats/roster.ts"
import { rosterFormat } from "../formats/roster.ts"
import { equalBytes } from "../primitives/hash.ts"
import type { RandomSource } from "../primitives/random.ts"
import { sealGrant } from "./client-half.ts"
import { byClientId, type NewMember, provenMember, requireGranter, type Signer, signNext } from "./next-manifest.ts"
import { newEpoch } from "./rotation.ts"
import type { VerifiedDocuments } from "./verified-documents.ts"

export interface AcceptedManifest {
  readonly manifest: Manifest
  /** Of members that are let in again, for every live epoch; and of everybody, for an epoch that is new. */
  readonly grants: readonly Grant[]
  readonly recoveryGrants: readonly RecoveryGrant[]
  /** The epoch that was begun, with its half of 32 bytes, which the caller wipes; `undefined` where the newest is still there. */
  readonly begun: { readonly epoch: number; readonly clientHalf: Uint8Array } | undefined
}

export interface RestoreNumbers {
  /** Above those of the remembered and of the served manifest. */
  readonly incarnation: number
  /** At or above every version that was ever seen in the key set. */
  readonly versionFloor: number
}

export interface RestoreInput extends RestoreNumbers {
  readonly documents: VerifiedDocuments
  /** The highest verified manifest that was seen before. */
  readonly remembered: Manifest
  /** Members of the remembered manifest that the served one lacks. */
  readonly letInAgain: readonly NewMember[]
  /** The half of a served epoch, 32 bytes. Asked for only when somebody is let in again. */
  readonly half: (epoch: number) => Uint8Array
}

/**
 * Whether a restore lost the epoch to seal under: it came with a rotation after the backup, or somebody rotated since, by a
 * manifest that this machine has no reason to seal under.
 */
export function isEpochLost(served: Manifest, remembered: Manifest): boolean {
  const [newest, known] = [served.epochs.at(-1), remembered.epochs.at(-1)]
  if (known === undefined || newest === undefined) return known !== newest
  return !isSameEpoch(newest, known)
}

/** The members after a restore: those of the remembered manifest who are still there or are let in again. Nobody else. */
export function restoredMembers(served: Manifest, remembered: Manifest, letInAgain: readonly Member[]): Member[] {
  const present = new Set([...served.members, ...letInAgain].map(({ clientId }) => clientId))
  return remembered.members.filter(({ clientId }) => present.has(clientId))
}

/** Signs the manifest. Throws `not_a_granter`, `invalid_argument` when keys are not the client's. */
export async function acceptRestore(
  input: RestoreInput,
  signer: Signer,
  random: RandomSource,
): Promise<AcceptedManifest> {
  const { documents, half, incarnation, remembered, versionFloor } = input
  const served = documents.manifest
  const { keysetId, workspaceId } = served
  requireGranter(documents.roster, signer.signerId)
  if (keysetId !== remembered.keysetId || incarnation <= Math.max(served.incarnation, remembered.incarnation)) {
    throw new TypeError("not the next incarnation of this key set")
  }
  const letInAgain = input.letInAgain.map((member) => provenMember(workspaceId, member))
  const members = restoredMembers(served, remembered, letInAgain)
  const { state } = remembered
  const changes = { incarnation, versionFloor: Math.max(versionFloor, served.versionFloor), members, state }
  const again = letInAgain.flatMap((member) => served.epochs.map(({ epoch }) => ({ member, epoch })))
  const grants = await Promise.all(
    again.map(({ epoch, member }) => sealGrant({ workspaceId, keysetId, epoch }, member, half(epoch))),
  )
  // Of a destroyed key set nothing is sealed any more.
  if (state === "destroyed" || !isEpochLost(served, remembered)) {
    return { manifest: signNext(documents, changes, signer), grants, recoveryGrants: [], begun: undefined }
  }
  const epoch = epochAfter(served, remembered)
  const made = await newEpoch({ workspaceId, keysetId, epoch }, documents.root, members, random)
  return {
    manifest: signNext(documents, { ...changes, epochs: [...served.epochs, made.entry] }, signer),
    grants: [...grants, ...made.grants],
    recoveryGrants: [made.recoveryGrant],
    begun: { epoch, clientHalf: made.clientHalf },
  }
}

/**
 * Makes a key set again that was created after the backup: under its id and name, with keys of its own. What was sealed in
 * it is lost, but names are never used twice, so that without this its name would be lost, too.
 */
export async function remakeKeyset(
  input: RestoreNumbers & {
    readonly root: WorkspaceRootKeys
    readonly roster: Roster
    readonly remembered: Manifest
    /** Those of the remembered manifest who are still registered. */
    readonly members: readonly Member[]
  },
  signer: Signer,
  random: RandomSource,
): Promise<AcceptedManifest> {
  const { incarnation, remembered, root, roster, versionFloor } = input
  requireGranter(roster, signer.signerId)
  const { signature: _, ...previous } = remembered
  const { keysetId, workspaceId } = remembered
  const epoch = epochAfter(remembered, remembered)
  const members = [...input.members].sort(byClientId)
  const made = await newEpoch({ workspaceId, keysetId, epoch }, root, members, random)
  const fields = {
    ...previous,
    revision: 1,
    previousHash: undefined,
    incarnation,
    versionFloor,
    epochs: [made.entry],
    members,
    rosterSeq: roster.seq,
    rosterHash: rosterFormat.hash(roster),
    createdAt: signer.now,
    signerId: signer.signerId,
  }
  return {
    manifest: manifestFormat.sign(fields, signer.signingKey),
    grants: made.grants,
    recoveryGrants: [made.recoveryGrant],
    begun: { epoch, clientHalf: made.clientHalf },
  }
}

/** Above every epoch that either has, so that no number ever means two halves. */
function epochAfter(served: Manifest, remembered: Manifest): number {
  return Math.max(currentEpoch(served) ?? 0, currentEpoch(remembered) ?? 0) + 1
}

function isSameEpoch(left: ManifestEpoch, right: ManifestEpoch): boolean {
  return left.epoch === right.epoch && equalBytes(left.clientHalfCommitment, right.clientHalfCommitment)
}
