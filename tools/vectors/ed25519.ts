/** Vectors of strict Ed25519 (S2): signatures that lax libraries take and Halfkey refuses, beside ordinary ones. */
import { createHash } from "node:crypto"
import { ed25519 } from "@noble/curves/ed25519.js"
import { sign, unhex, verify } from "../../tests/vectors/independent.ts"
import { fixed, hex, turned } from "./fixed.ts"

const { Point } = ed25519
const { n: order, p: prime } = Point.CURVE()

/** 32 bytes, little-endian. */
const le32 = (value: bigint) => unhex(value.toString(16).padStart(64, "0")).reverse()

const join = (...parts: readonly Uint8Array[]) => Uint8Array.from(parts.flatMap((part) => [...part]))
const noble = (publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array) => {
  try {
    return ed25519.verify(signature, message, publicKey, { zip215: true })
  } catch {
    return false
  }
}

/** The eight points of small order, as multiples of one of order 8. */
function smallOrderPoints(): Uint8Array[] {
  const generator = Point.fromBytes(unhex("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05"))
  const all = [Point.ZERO]
  while (all.length < 8) all.push((all.at(-1) as typeof generator).add(generator))
  return all.map((point) => point.toBytes())
}

/** S = r + h·a for an R that is the multiple r of the base point: only the owner of a key can make it. */
function signatureWith(seed: Uint8Array, message: Uint8Array, r: bigint, encodedR: Uint8Array): Uint8Array {
  const { scalar, pointBytes } = ed25519.utils.getExtendedPublicKey(seed)
  const digest = sha512(join(encodedR, pointBytes, message))
  const h = BigInt(`0x${hex(digest.reverse())}`) % order
  return join(encodedR, le32((r + h * scalar) % order))
}

const sha512 = (message: Uint8Array) => new Uint8Array(createHash("sha512").update(message).digest())

export function ed25519Vectors() {
  const seed = fixed("ed25519 seed")
  const publicKey = new Uint8Array(ed25519.getPublicKey(seed))
  const message = fixed("ed25519 message", 40)
  const signature = sign(seed, message)
  const s = BigInt(`0x${hex(signature.slice(32).reverse())}`)
  const anybody = join(le32(1n), new Uint8Array(32))
  const signBit = (point: Uint8Array) => turned(point, 31, 0x80)
  const refused: readonly (readonly [why: string, key: Uint8Array, signature: Uint8Array])[] = [
    ["R changed", publicKey, turned(signature, 0)],
    ["S changed", publicKey, turned(signature, 32)],
    ["S + L", publicKey, join(signature.slice(0, 32), le32(s + order))],
    ["R is the identity", publicKey, signatureWith(seed, message, 0n, le32(1n))],
    ["R is the identity, y = p + 1", publicKey, signatureWith(seed, message, 0n, le32(prime + 1n))],
    ...smallOrderPoints().flatMap((point) => [
      ["key of small order", point, anybody] as const,
      ["key of small order, other sign bit", signBit(point), anybody] as const,
    ]),
    ...[0n, 1n, 18n].flatMap((above) => [
      [`key with y = p + ${above}`, le32(prime + above), anybody] as const,
      [`key with y = p + ${above}, other sign bit`, signBit(le32(prime + above)), anybody] as const,
    ]),
    ["signature of 63 bytes", publicKey, signature.slice(0, 63)],
    ["signature of 65 bytes", publicKey, join(signature, new Uint8Array(1))],
    ["key of 31 bytes", publicKey.slice(0, 31), signature],
  ]
  return {
    description: "Strict Ed25519 (S2). `lax` tells whether the ZIP-215 rules take what is refused here.",
    seed: hex(seed),
    publicKey: hex(publicKey),
    message: hex(message),
    signature: hex(signature),
    accepted: verify(publicKey, message, signature),
    refused: refused.map(([why, key, other]) => ({
      why,
      publicKey: hex(key),
      signature: hex(other),
      lax: noble(key, message, other),
    })),
  }
}
