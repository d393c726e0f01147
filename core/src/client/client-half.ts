/** Client halves, G (S4): sealing them to members and to the root, opening one's own, wrapping it for quick starts. */

import { HalfkeyError } from "../formats/errors.ts"
import {
  clientHalfLength,
  type Grant,
  type GrantRecipient,
  grantInfo,
  type RecoveryGrant,
  selfWrapAad,
  selfWrapLength,
} from "../formats/grant.ts"
import type { ClientId, KeysetId, WorkspaceId } from "../formats/ids.ts"
import { aesGcmNonceLength, aesGcmOpen, aesGcmSeal } from "../primitives/aes-gcm.ts"
import { concatBytes, wipe } from "../primitives/bytes.ts"
import { hpkeOpen, hpkeSeal } from "../primitives/hpke-x-wing.ts"
import type { RandomSource } from "../primitives/random.ts"
import type { ClientIdentity } from "./client-identity.ts"
import type { WorkspaceRoot } from "./workspace-root.ts"

/** Which half: of this key set and epoch of this workspace. */
export interface HalfPlace {
  readonly workspaceId: WorkspaceId
  readonly keysetId: KeysetId
  readonly epoch: number
}

/** A fresh client half: 32 random bytes. The caller wipes it. */
export function newClientHalf(random: RandomSource): Uint8Array {
  return random(clientHalfLength)
}

/**
 * Seals a half to one member's X-Wing key (1,216 bytes). Without a self-wrap: only the member can make one.
 * Throws `encryption_failed` for a key that nothing can be sealed to.
 */
export async function sealGrant(
  place: HalfPlace,
  member: { readonly clientId: ClientId; readonly kemPk: Uint8Array },
  clientHalf: Uint8Array,
): Promise<Grant> {
  const { enc, sealedHalf } = await sealTo(place, member.clientId, member.kemPk, clientHalf)
  return {
    keysetId: place.keysetId,
    epoch: place.epoch,
    clientId: member.clientId,
    enc,
    sealedHalf,
    selfWrap: undefined,
  }
}

/** Seals a half to the workspace root's X-Wing key (1,216 bytes): the recovery grant. */
export async function sealRecoveryGrant(
  place: HalfPlace,
  rootKemPk: Uint8Array,
  clientHalf: Uint8Array,
): Promise<RecoveryGrant> {
  const { enc, sealedHalf } = await sealTo(place, "root", rootKemPk, clientHalf)
  return { keysetId: place.keysetId, epoch: place.epoch, enc, sealedHalf }
}

async function sealTo(place: HalfPlace, to: GrantRecipient, kemPk: Uint8Array, clientHalf: Uint8Array) {
  if (clientHalf.length !== clientHalfLength) throw new RangeError("a client half has 32 bytes")
  const info = grantInfo(place.workspaceId, place.keysetId, place.epoch, to)
  try {
    const { enc, sealed } = await hpkeSeal(kemPk, info, clientHalf)
    return { enc, sealedHalf: sealed }
  } catch (cause) {
    const whose = to === "root" ? "the workspace root" : `client ${to}`
    throw new HalfkeyError("encryption_failed", `nothing can be sealed to ${whose}: its X-Wing key is malformed`, {
      cause,
    })
  }
}

/** Opens the identity's own grant with X-Wing; `undefined` when it was not sealed to it for this place. */
export async function openGrant(
  place: HalfPlace,
  grant: Grant,
  identity: ClientIdentity,
): Promise<Uint8Array | undefined> {
  const kemKey = identity.kemPrivateKey()
  const info = grantInfo(place.workspaceId, place.keysetId, place.epoch, identity.clientId)
  const clientHalf = await hpkeOpen(kemKey, info, grant.enc, grant.sealedHalf)
  wipe(kemKey)
  return clientHalf
}

/** Opens a recovery grant with the workspace root; `undefined` when it was not sealed to it for this place. */
export async function openRecoveryGrant(
  place: HalfPlace,
  grant: RecoveryGrant,
  root: WorkspaceRoot,
): Promise<Uint8Array | undefined> {
  const kemKey = root.kemPrivateKey()
  const info = grantInfo(place.workspaceId, place.keysetId, place.epoch, "root")
  const clientHalf = await hpkeOpen(kemKey, info, grant.enc, grant.sealedHalf)
  wipe(kemKey)
  return clientHalf
}

/** `selfWrap` = `nonce12 ‖ AEAD(client/self-wrap key, nonce, aad, G)`, 60 bytes (S4). */
export function sealSelfWrap(
  place: HalfPlace,
  clientHalf: Uint8Array,
  identity: ClientIdentity,
  random: RandomSource,
): Uint8Array {
  const key = identity.selfWrapKey()
  const nonce = random(aesGcmNonceLength)
  const aad = selfWrapAad(place.workspaceId, place.keysetId, place.epoch, identity.clientId)
  const sealed = aesGcmSeal(key, nonce, aad, clientHalf)
  wipe(key)
  return concatBytes(nonce, sealed)
}

/** Opens a self-wrap, in microseconds; `undefined` when it is not this identity's for this place. */
export function openSelfWrap(place: HalfPlace, selfWrap: Uint8Array, identity: ClientIdentity): Uint8Array | undefined {
  if (selfWrap.length !== selfWrapLength) return undefined
  const key = identity.selfWrapKey()
  const aad = selfWrapAad(place.workspaceId, place.keysetId, place.epoch, identity.clientId)
  const nonce = selfWrap.subarray(0, aesGcmNonceLength)
  const clientHalf = aesGcmOpen(key, nonce, aad, selfWrap.subarray(aesGcmNonceLength))
  wipe(key)
  return clientHalf
}
