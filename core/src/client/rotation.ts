/** Rotation (S5): a new epoch with a new half, sealed to every remaining member; and leaving an epoch that nothing uses. */

import { type Grant, type RecoveryGrant, recoveryHash } from "../formats/grant.ts"
import { type ClientId, uuidBytes } from "../formats/ids.ts"
import {
  clientHalfCommitment,
  currentEpoch,
  type Manifest,
  type ManifestEpoch,
  type Member,
} from "../formats/manifest.ts"
import type { WorkspaceRootKeys } from "../formats/roster.ts"
import type { RandomSource } from "../primitives/random.ts"
import { type HalfPlace, newClientHalf, sealGrant, sealRecoveryGrant } from "./client-half.ts"
import { requireGranter, type Signer, signNext } from "./next-manifest.ts"
import type { VerifiedDocuments } from "./verified-documents.ts"

/** A manifest with one epoch more; one request carries it all (S5). */
export interface Rotation {
  readonly manifest: Manifest
  /** For each remaining member, of the new epoch; those of the epochs before stay as they are. */
  readonly grants: readonly Grant[]
  readonly recoveryGrants: readonly RecoveryGrant[]
  readonly epoch: number
  /** G of the new epoch, 32 bytes; the caller may make its own self-wrap from it, then wipes it. */
  readonly clientHalf: Uint8Array
}

/** An epoch that a manifest may list, and what must come with it. */
export interface NewEpoch {
  readonly entry: ManifestEpoch
  readonly grants: readonly Grant[]
  readonly recoveryGrant: RecoveryGrant
  /** G, 32 bytes; the caller wipes it. */
  readonly clientHalf: Uint8Array
}

/** Makes a fresh half for this place, sealed to these members and to the root. */
export async function newEpoch(
  place: HalfPlace,
  root: WorkspaceRootKeys,
  members: readonly Member[],
  random: RandomSource,
): Promise<NewEpoch> {
  const { epoch, keysetId, workspaceId } = place
  const clientHalf = newClientHalf(random)
  const recoveryGrant = await sealRecoveryGrant(place, root.kemPk, clientHalf)
  const entry = {
    epoch,
    clientHalfCommitment: clientHalfCommitment(workspaceId, uuidBytes(keysetId), epoch, clientHalf),
    recoveryHash: recoveryHash(recoveryGrant),
  }
  const grants = await Promise.all(members.map((member) => sealGrant(place, member, clientHalf)))
  return { entry, grants, recoveryGrant, clientHalf }
}

/**
 * Adds epoch e+1 with a fresh half, sealed to exactly the members of the verified manifest less `without`, and to the
 * root (sealing rule, S4). Throws `not_a_granter`.
 */
export async function rotateKeyset(
  documents: VerifiedDocuments,
  without: readonly ClientId[],
  signer: Signer,
  random: RandomSource,
): Promise<Rotation> {
  const { workspaceId, keysetId, epochs } = documents.manifest
  const epoch = (currentEpoch(documents.manifest) ?? 0) + 1
  const members = documents.manifest.members.filter(({ clientId }) => !without.includes(clientId))
  requireGranter(documents.roster, signer.signerId)
  const made = await newEpoch({ workspaceId, keysetId, epoch }, documents.root, members, random)
  const { clientHalf, entry, grants, recoveryGrant } = made
  const manifest = signNext(documents, { epochs: [...epochs, entry], members }, signer)
  return { manifest, grants, recoveryGrants: [recoveryGrant], epoch, clientHalf }
}

/**
 * Signs a manifest that lists only the newest epoch: the server then destroys the authority keys of the others, and
 * refuses while a record still uses one (S5). `undefined` when there is nothing to leave. Throws `not_a_granter`.
 */
export function retireOldEpochs(documents: VerifiedDocuments, signer: Signer): Manifest | undefined {
  const { epochs } = documents.manifest
  const newest = epochs.at(-1)
  if (newest === undefined || epochs.length === 1) return undefined
  return signNext(documents, { epochs: [newest] }, signer)
}
