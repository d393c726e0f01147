/** A public key as two people compare it, on two screens or by telephone. */
import { toHex } from "../primitives/bytes.ts"
import { sha256 } from "../primitives/hash.ts"

/** The first 16 bytes of SHA-256 of the key: eight groups of four hexadecimal digits. Nobody finds a second key with it. */
export function keyFingerprint(publicKey: Uint8Array): string {
  return toHex(sha256(publicKey).subarray(0, 16)).replace(/....(?=.)/g, "$& ")
}
