/** Ed25519 keys that the server holds, wrapped under its root key (S11): for access tokens, and for checkpoints. */
import { toBase64Url } from "../primitives/bytes.ts"
import { sha256 } from "../primitives/hash.ts"
import type { RandomSource } from "../primitives/random.ts"

export { type SigningKey, signingKeyFromSeed } from "../primitives/ed25519.ts"

/** What is wrapped and stored: 32 random bytes. The caller wipes them. */
export function newSigningSeed(random: RandomSource): Uint8Array {
  return random(32)
}

/** The `kid` of a public key (32 bytes): 16 characters of its hash. */
export function kidOf(publicKey: Uint8Array): string {
  return toBase64Url(sha256(publicKey).subarray(0, 12))
}
