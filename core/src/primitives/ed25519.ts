/** `Sign`: Ed25519 (RFC 8032), checked strictly (S2): no small-order key or R, no y ≥ p, no S ≥ L, not the ZIP-215 rules. */
import { createPrivateKey, createPublicKey, type KeyObject, sign, verify } from "node:crypto"
import { concatBytes, fromHex, plainBytes } from "./bytes.ts"

export const ed25519PublicKeyLength = 32
export const ed25519SignatureLength = 64

/** A private key that signs. Prints no bytes. */
export interface SigningKey {
  readonly publicKey: Uint8Array
  sign(message: Uint8Array): Uint8Array
}

const pkcs8Prefix = hexConstant("302e020100300506032b657004220420")
const spkiPrefix = hexConstant("302a300506032b6570032100")

/** p = 2^255 - 19 and L = 2^252 + 27742…, little-endian. */
const fieldPrime = hexConstant("edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f")
const groupOrder = hexConstant("edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010")

/** The y coordinates below p of the points of order 1, 2, 4 and 8; the sign bit does not change the order. */
const smallOrderY = [
  "0000000000000000000000000000000000000000000000000000000000000000",
  "0100000000000000000000000000000000000000000000000000000000000000",
  "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
  "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
  "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
].map(hexConstant)

/** The signing key of a 32-byte seed. The caller wipes the seed. */
export function signingKeyFromSeed(seed: Uint8Array): SigningKey {
  if (seed.length !== 32) throw new RangeError("ed25519: the seed must have 32 bytes")
  const der = concatBytes(pkcs8Prefix, seed)
  const key = createPrivateKey({ key: Buffer.from(der.buffer), format: "der", type: "pkcs8" })
  der.fill(0)
  const spki = createPublicKey(key).export({ format: "der", type: "spki" })
  const publicKey = new Uint8Array(spki.subarray(spki.length - ed25519PublicKeyLength))
  return { publicKey, sign: (message) => plainBytes(sign(null, message, key)) }
}

/** Whether these 32 bytes are a public key that may be trusted at all: y < p and not of small order. */
export function isStrictPublicKey(publicKey: Uint8Array): boolean {
  return publicKey.length === ed25519PublicKeyLength && isStrictPoint(publicKey)
}

function isStrictPoint(point: Uint8Array): boolean {
  const y = new Uint8Array(point)
  y[31] = (y[31] ?? 0) & 0x7f
  if (!isBelow(y, fieldPrime)) return false
  return !smallOrderY.some((small) => small.every((byte, index) => byte === y[index]))
}

/** Checks a signature strictly; `false` for every malformed input. */
export function verifyStrict(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
  if (signature.length !== ed25519SignatureLength || !isStrictPublicKey(publicKey)) return false
  if (!isBelow(signature.subarray(32), groupOrder)) return false
  // Versions of OpenSSL differ on an R of small order: without this, a signer could make some readers accept and others not.
  if (!isStrictPoint(signature.subarray(0, 32))) return false
  const key = publicKeyObject(publicKey)
  // OpenSSL recomputes R and compares its encoding, so a non-canonical R fails too.
  return key !== undefined && verify(null, message, key, signature)
}

function publicKeyObject(publicKey: Uint8Array): KeyObject | undefined {
  try {
    return createPublicKey({ key: Buffer.from(concatBytes(spkiPrefix, publicKey)), format: "der", type: "spki" })
  } catch {
    return undefined
  }
}

/** Compares little-endian integers of the same length. Public data: time does not matter. */
function isBelow(value: Uint8Array, limit: Uint8Array): boolean {
  for (let index = limit.length - 1; index >= 0; index--) {
    const left = value[index] ?? 0
    const right = limit[index] ?? 0
    if (left !== right) return left < right
  }
  return false
}

function hexConstant(hex: string): Uint8Array {
  const bytes = fromHex(hex)
  if (bytes === undefined) throw new Error("ed25519: bad constant")
  return bytes
}
