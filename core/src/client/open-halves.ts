/** The last checks of "Loading a key set" (S4): own grants open, each half is the one that the manifest commits to. */

import { keysetCheckFailed } from "../formats/errors.ts"
import { type Grant, type RecoveryGrant, recoveryHash } from "../formats/grant.ts"
import { uuidBytes } from "../formats/ids.ts"
import { clientHalfCommitment, type Manifest, type ManifestEpoch } from "../formats/manifest.ts"
import { wipe } from "../primitives/bytes.ts"
import { equalBytes } from "../primitives/hash.ts"
import { KeyBytes } from "../primitives/key-bytes.ts"
import { openGrant, openSelfWrap } from "./client-half.ts"
import type { ClientIdentity } from "./client-identity.ts"

/** Checks that the root's owner could open every live epoch (S4): a recovery grant cannot vanish unnoticed. */
export function checkRecoveryGrants(manifest: Manifest, grants: readonly RecoveryGrant[]): void {
  for (const { epoch, recoveryHash: published } of manifest.epochs) {
    const grant = grants.find((candidate) => candidate.epoch === epoch && candidate.keysetId === manifest.keysetId)
    if (grant === undefined) throw keysetCheckFailed("recovery", `the recovery grant of epoch ${epoch} is missing`)
    if (!equalBytes(recoveryHash(grant), published)) {
      throw keysetCheckFailed("recovery", `the recovery grant of epoch ${epoch} is not the published one`)
    }
  }
}

/** Opens the reader's own grant of every live epoch and checks each half against its commitment. */
export async function openHalves(identity: ClientIdentity, manifest: Manifest, grants: readonly Grant[]) {
  const clientHalves = new Map<number, KeyBytes>()
  const epochsWithoutSelfWrap: number[] = []
  for (const published of manifest.epochs) {
    const grant = grants.find(
      ({ epoch, keysetId, clientId }) =>
        epoch === published.epoch && keysetId === manifest.keysetId && clientId === identity.clientId,
    )
    if (grant === undefined) throw keysetCheckFailed("grant", `the server sent no grant for epoch ${published.epoch}`)
    const { half, fromSelfWrap } = await openHalf(identity, manifest, grant, published)
    clientHalves.set(published.epoch, new KeyBytes(half))
    if (!fromSelfWrap) epochsWithoutSelfWrap.push(published.epoch)
  }
  return { clientHalves, epochsWithoutSelfWrap }
}

async function openHalf(identity: ClientIdentity, manifest: Manifest, grant: Grant, published: ManifestEpoch) {
  const place = { workspaceId: manifest.workspaceId, keysetId: manifest.keysetId, epoch: published.epoch }
  const quick = grant.selfWrap && openSelfWrap(place, grant.selfWrap, identity)
  if (quick && matchesCommitment(manifest, published, quick)) return { half: quick, fromSelfWrap: true }
  wipe(quick)
  const half = await openGrant(place, grant, identity)
  if (half === undefined)
    throw keysetCheckFailed("grant", `the grant of epoch ${published.epoch} does not open with this client key`)
  if (!matchesCommitment(manifest, published, half)) {
    throw keysetCheckFailed(
      "commitment",
      `the client half of epoch ${published.epoch} is not the one that the manifest commits to`,
    )
  }
  return { half, fromSelfWrap: false }
}

function matchesCommitment(manifest: Manifest, published: ManifestEpoch, half: Uint8Array): boolean {
  const commitment = clientHalfCommitment(manifest.workspaceId, uuidBytes(manifest.keysetId), published.epoch, half)
  return equalBytes(commitment, published.clientHalfCommitment)
}
