/** The encrypted file of a client's cache (S14): only the client key that wrote it opens it, and only in its own place. */
import { uuidBytes } from "../formats/ids.ts"
import { pae } from "../formats/pae.ts"
import { aesGcmNonceLength, aesGcmOpen, aesGcmSeal, aesGcmTagLength } from "../primitives/aes-gcm.ts"
import { concatBytes, utf8, wipe } from "../primitives/bytes.ts"
import { equalBytes } from "../primitives/hash.ts"
import type { RandomSource } from "../primitives/random.ts"
import type { ClientIdentity } from "./client-identity.ts"

/** Whose answers a cache holds. Workspace and client are the identity's. */
export interface CachePlace {
  /** The server's URL, as it is asked. */
  readonly endpoint: string
  /** Name or id of the environment, as it is asked for. */
  readonly environment: string
}

const magic = utf8("HKC1")
const bodyAt = magic.length + aesGcmNonceLength

/** `"HKC1" ‖ nonce12 ‖ AEAD(client/cache key, nonce, aad, contents)`: 32 bytes more than the contents. */
export function sealCache(
  place: CachePlace,
  contents: Uint8Array,
  identity: ClientIdentity,
  random: RandomSource,
): Uint8Array {
  const key = identity.cacheKey()
  const nonce = random(aesGcmNonceLength)
  const sealed = aesGcmSeal(key, nonce, cacheAad(place, identity), contents)
  wipe(key)
  return concatBytes(magic, nonce, sealed)
}

/** `undefined` for whatever this client did not seal for this place, down to the last bit. */
export function openCache(place: CachePlace, file: Uint8Array, identity: ClientIdentity): Uint8Array | undefined {
  if (file.length < bodyAt + aesGcmTagLength || !equalBytes(file.subarray(0, magic.length), magic)) return undefined
  const key = identity.cacheKey()
  const nonce = file.subarray(magic.length, bodyAt)
  const contents = aesGcmOpen(key, nonce, cacheAad(place, identity), file.subarray(bodyAt))
  wipe(key)
  return contents
}

function cacheAad({ endpoint, environment }: CachePlace, { clientId, workspaceId }: ClientIdentity): Uint8Array {
  return pae("cache", workspaceId, uuidBytes(clientId), endpoint, environment)
}
