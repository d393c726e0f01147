/** Data keys (S7): from both halves, for one value, for the length of one operation. */

import { pae } from "../formats/pae.ts"
import { recordCommitLength, recordSaltLength } from "../formats/record.ts"
import { contextFields, type RecordContext } from "../formats/record-context.ts"
import { wipe } from "../primitives/bytes.ts"
import { type HmacKey, hkdfExpand, hkdfExtract, hmacSha256 } from "../primitives/hash.ts"

export interface DataKey {
  /** 32 bytes, AES-256-GCM. */
  readonly dek: Uint8Array
  /** 32 bytes: what the record's `commit` must equal. */
  readonly commit: Uint8Array
}

/** `prk = HKDF-Extract(salt = G, ikm = keySeed)`, 32 bytes (S7). */
export function recordPrk(clientHalf: Uint8Array | HmacKey, keySeed: Uint8Array): Uint8Array {
  return hkdfExtract(clientHalf, keySeed)
}

/** `dek ‖ commit = HKDF-Expand(prk, pae("data-key", header, purpose, context…), 64)` (S7). */
export function deriveDataKey(prk: Uint8Array, header: Uint8Array, context: RecordContext): DataKey {
  const okm = hkdfExpand(prk, pae("data-key", header, ...contextFields(context)), 32 + recordCommitLength)
  return { dek: okm.subarray(0, 32), commit: okm.subarray(32) }
}

/** `HMAC(prk, pae("salt", random32, purpose, context…, plaintext))[0..16)`: hedged randomness (S7). */
export function recordSalt(
  prk: Uint8Array,
  random32: Uint8Array,
  context: RecordContext,
  plaintext: Uint8Array,
): Uint8Array {
  if (random32.length !== 32) throw new RangeError("record salt: 32 random bytes are needed")
  const message = pae("salt", random32, ...contextFields(context), plaintext)
  const salt = hmacSha256(prk, message).subarray(0, recordSaltLength)
  wipe(message)
  return salt
}
