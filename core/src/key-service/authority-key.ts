/** Authority keys, A (S6): the server's half of every data key of one key set and epoch. */

import { type KeysetId, uuidBytes, type WorkspaceId } from "../formats/ids.ts"
import { pae } from "../formats/pae.ts"
import { keyIdLength } from "../formats/record.ts"
import { type HmacKey, hmacKey, hmacSha256 } from "../primitives/hash.ts"
import type { RandomSource } from "../primitives/random.ts"

export const authorityKeyLength = 32
export const keySeedLength = 32

/** A fresh authority key: 32 random bytes. */
export function newAuthorityKey(random: RandomSource): Uint8Array {
  return random(authorityKeyLength)
}

/** Makes the seeds of one key set and epoch; prepared once, then no work per seed but one HMAC. */
export class SeedMaker {
  readonly #key: HmacKey
  readonly #message: Uint8Array

  /** `authorityKey` has 32 bytes and is copied; the caller wipes it. */
  constructor(authorityKey: Uint8Array, workspaceId: WorkspaceId, keysetId: KeysetId, epoch: number) {
    this.#key = hmacKey(authorityKey)
    this.#message = pae("seed", workspaceId, uuidBytes(keysetId), epoch, new Uint8Array(keyIdLength))
  }

  /** `keySeed = HMAC(A, pae("seed", workspaceId, keysetId, epoch, keyId))`: 32 bytes; `keyId` has 16 (S6). */
  seed(keyId: Uint8Array): Uint8Array {
    if (keyId.length !== keyIdLength) throw new RangeError("a key id has 16 bytes")
    // The key id is the last field, so only the tail of the prepared message changes.
    this.#message.set(keyId, this.#message.length - keyIdLength)
    return hmacSha256(this.#key, this.#message)
  }
}
