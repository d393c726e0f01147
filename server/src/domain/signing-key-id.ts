/** Names of the server's signing keys. */
import { toBase64Url } from "@halfkey/core/primitives/bytes"
import { sha256 } from "@halfkey/core/primitives/hash"

/** The `kid` of a public key (32 bytes): 16 characters of its hash. */
export function kidOf(publicKey: Uint8Array): string {
  return toBase64Url(sha256(publicKey).subarray(0, 12))
}
