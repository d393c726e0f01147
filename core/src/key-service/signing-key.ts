/** Ed25519 keys that the server holds, wrapped under its root key (S11): one for access tokens, one for checkpoints. */
import type { RandomSource } from "../primitives/random.ts"

export { type SigningKey, signingKeyFromSeed } from "../primitives/ed25519.ts"

/** What is wrapped and stored: 32 random bytes. The caller wipes them. */
export function newSigningSeed(random: RandomSource): Uint8Array {
  return random(32)
}
