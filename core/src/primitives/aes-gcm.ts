/** `AEAD`: AES-256-GCM with a 12-byte nonce and a 16-byte tag behind the ciphertext (S2). */
import { createCipheriv, createDecipheriv, createSecretKey } from "node:crypto"
import { plainBytes } from "./bytes.ts"

export const aesGcmTagLength = 16
export const aesGcmNonceLength = 12

// Keys are wrapped, since Node 24 takes about 7 µs to find out that one is plain bytes, and under 1 µs to wrap it.

/** Encrypts: `key` 32 bytes, `nonce` 12; the answer is `plaintext.length + 16` bytes. */
export function aesGcmSeal(key: Uint8Array, nonce: Uint8Array, aad: Uint8Array, plaintext: Uint8Array): Uint8Array {
  requireLengths(key, nonce)
  const cipher = createCipheriv("aes-256-gcm", createSecretKey(key), nonce, { authTagLength: aesGcmTagLength })
  if (aad.length > 0) cipher.setAAD(aad)
  const body = cipher.update(plaintext)
  cipher.final()
  const sealed = new Uint8Array(body.length + aesGcmTagLength)
  sealed.set(body)
  sealed.set(cipher.getAuthTag(), body.length)
  return sealed
}

/** Decrypts; `undefined` when key, nonce, aad or a byte of `sealed` is not the one it was sealed with. */
export function aesGcmOpen(
  key: Uint8Array,
  nonce: Uint8Array,
  aad: Uint8Array,
  sealed: Uint8Array,
): Uint8Array | undefined {
  requireLengths(key, nonce)
  if (sealed.length < aesGcmTagLength) return undefined
  const decipher = createDecipheriv("aes-256-gcm", createSecretKey(key), nonce, { authTagLength: aesGcmTagLength })
  if (aad.length > 0) decipher.setAAD(aad)
  const body = sealed.subarray(0, sealed.length - aesGcmTagLength)
  decipher.setAuthTag(sealed.subarray(sealed.length - aesGcmTagLength))
  const plaintext = plainBytes(decipher.update(body))
  try {
    decipher.final()
  } catch {
    plaintext.fill(0)
    return undefined
  }
  return plaintext
}

function requireLengths(key: Uint8Array, nonce: Uint8Array): void {
  if (key.length !== 32) throw new RangeError("aes-256-gcm: the key must have 32 bytes")
  if (nonce.length !== aesGcmNonceLength) throw new RangeError("aes-256-gcm: the nonce must have 12 bytes")
}
