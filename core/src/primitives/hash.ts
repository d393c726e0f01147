/** SHA-256, HMAC-SHA-256 and HKDF-SHA-256 (S2), synchronous: subtle crypto is many times slower on small inputs. */
import * as nodeCrypto from "node:crypto"
import { createHash, createHmac, createSecretKey, type KeyObject, timingSafeEqual } from "node:crypto"
import { plainBytes } from "./bytes.ts"

/** The one-shot form is quicker; older versions of Node 20 lack it, and naming it in the import would stop them. */
const oneShotHash: typeof nodeCrypto.hash | undefined = nodeCrypto.hash

/** `H`: SHA-256, 32 bytes, of all parts as if they were joined. Joining them first would take longer. */
export function sha256(first: Uint8Array, ...rest: readonly Uint8Array[]): Uint8Array {
  if (oneShotHash !== undefined && rest.length === 0) return plainBytes(oneShotHash("sha256", first, "buffer"))
  const hash = createHash("sha256").update(first)
  for (const part of rest) hash.update(part)
  return plainBytes(hash.digest())
}

/** `H` of the UTF-8 of a text without lone surrogates: quicker than making the bytes first. */
export function sha256OfText(text: string): Uint8Array {
  if (oneShotHash !== undefined) return plainBytes(oneShotHash("sha256", text, "buffer"))
  return plainBytes(createHash("sha256").update(text, "utf8").digest())
}

/** SHA-256 of what comes piece by piece. */
export interface RunningSha256 {
  update(bytes: Uint8Array): void
  /** 32 bytes, of all that came until now; more may come. */
  soFar(): Uint8Array
}

/** For files that are larger than memory. */
export function runningSha256(): RunningSha256 {
  const hash = createHash("sha256")
  return { update: (bytes) => void hash.update(bytes), soFar: () => plainBytes(hash.copy().digest()) }
}

/** `HMAC`: HMAC-SHA-256, 32 bytes. */
export function hmacSha256(key: Uint8Array | HmacKey, message: Uint8Array): Uint8Array {
  return plainBytes(createHmac("sha256", keyObject(key)).update(message).digest())
}

/** Node 24 takes about 7 µs to find out that a key is plain bytes, and under 1 µs to wrap them beforehand. */
function keyObject(key: Uint8Array | HmacKey): KeyObject {
  return key instanceof Uint8Array ? createSecretKey(key) : key
}

/** An HMAC key prepared once for many calls. Prints no bytes. */
export type HmacKey = KeyObject

/** Prepares an HMAC key for reuse; the bytes given are copied. */
export function hmacKey(bytes: Uint8Array): HmacKey {
  return createSecretKey(bytes)
}

/** HKDF-Extract (RFC 5869): 32 bytes. */
export function hkdfExtract(salt: Uint8Array | HmacKey, ikm: Uint8Array): Uint8Array {
  return hmacSha256(salt, ikm)
}

/** HKDF-Expand (RFC 5869): `length` bytes, at most 8,160. Throws `RangeError` above that. */
export function hkdfExpand(prk: Uint8Array, info: Uint8Array, length: number): Uint8Array {
  if (length > 255 * 32) throw new RangeError("hkdfExpand: at most 8160 bytes")
  const key = createSecretKey(prk)
  const output = new Uint8Array(length)
  let previous: Uint8Array = new Uint8Array(0)
  for (let counter = 1, offset = 0; offset < length; counter++, offset += 32) {
    const mac = createHmac("sha256", key).update(previous).update(info)
    const block = mac.update(new Uint8Array([counter])).digest()
    output.set(block.subarray(0, Math.min(32, length - offset)), offset)
    previous.fill(0)
    previous = block
  }
  previous.fill(0)
  return output
}

/** `HKDF` (RFC 5869). An empty salt means 32 zero bytes, as the RFC says. */
export function hkdf(salt: Uint8Array, ikm: Uint8Array, info: Uint8Array, length: number): Uint8Array {
  const prk = hkdfExtract(salt.length === 0 ? new Uint8Array(32) : salt, ikm)
  const output = hkdfExpand(prk, info, length)
  prk.fill(0)
  return output
}

/** Compares in constant time; different lengths are unequal. */
export function equalBytes(left: Uint8Array, right: Uint8Array): boolean {
  return left.length === right.length && timingSafeEqual(left, right)
}
