import assert from "node:assert/strict"
import { createHash } from "node:crypto"
import { test } from "node:test"
import { inspect } from "node:util"
import { ed25519 } from "@noble/curves/ed25519.js"
import fc from "fast-check"
import { bytes, property, withBitTurned } from "../testing/property.ts"
import { fromHex, toHex } from "./bytes.ts"
import { isStrictPublicKey, signingKeyFromSeed, verifyStrict } from "./ed25519.ts"

const { Point } = ed25519
const order = Point.CURVE().n
const prime = Point.CURVE().p

function le32(value: bigint): Uint8Array {
  const digits = value.toString(16).padStart(64, "0")
  return (fromHex(digits) as Uint8Array).reverse()
}

test("Ed25519 gives the answers of RFC 8032 (7.1, tests 1 and 2)", () => {
  const empty = signingKeyFromSeed(
    fromHex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60") as Uint8Array,
  )
  assert.equal(toHex(empty.publicKey), "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a")
  assert.equal(
    toHex(empty.sign(new Uint8Array(0))),
    "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
  )
  const one = signingKeyFromSeed(
    fromHex("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb") as Uint8Array,
  )
  assert.equal(
    toHex(one.sign(new Uint8Array([0x72]))),
    "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
  )
})

property(
  "signatures are those of another implementation, and verify",
  fc.tuple(bytes(32), bytes(0, 80)),
  ([seed, message]) => {
    const key = signingKeyFromSeed(seed)
    const signature = key.sign(message)
    assert.equal(toHex(signature), toHex(ed25519.sign(message, seed)))
    assert.ok(verifyStrict(key.publicKey, message, signature))
  },
  50,
)

property(
  "any turned bit is refused",
  fc.tuple(bytes(32), bytes(1, 40), fc.nat()),
  ([seed, message, bit]) => {
    const key = signingKeyFromSeed(seed)
    const signature = key.sign(message)
    const turned = (original: Uint8Array) => withBitTurned(original, bit % (original.length * 8))
    assert.ok(!verifyStrict(turned(key.publicKey), message, signature))
    assert.ok(!verifyStrict(key.publicKey, turned(message), signature))
    assert.ok(!verifyStrict(key.publicKey, message, turned(signature)))
  },
  100,
)

/** Every point whose order divides 8: what is left of a point when its part of prime order is taken away. */
function smallOrderPoints(): Uint8Array[] {
  for (let y = 2n; y < 100n; y++) {
    if (!isPoint(le32(y))) continue
    const point = Point.fromBytes(le32(y))
    const torsion = point.multiplyUnsafe(order - 1n).add(point)
    const all = [Point.ZERO]
    while (all.length < 8) all.push((all.at(-1) as typeof torsion).add(torsion))
    if (!(all[4] as typeof torsion).is0()) return all.map((each) => each.toBytes())
  }
  throw new Error("no point of order 8 was found")
}

function isPoint(bytes: Uint8Array): boolean {
  try {
    Point.fromBytes(bytes)
    return true
  } catch {
    return false
  }
}

test("all eight points of small order are refused as keys, each with either sign bit", () => {
  const points = smallOrderPoints()
  assert.equal(new Set(points.map(toHex)).size, 8)
  for (const point of points) {
    assert.ok(!isStrictPublicKey(point), toHex(point))
    assert.ok(!isStrictPublicKey(withBitTurned(point, 255)), toHex(point))
  }
})

test("a signature that a key of small order makes for every message is refused", () => {
  // R = identity and S = 0 satisfy the equation for the identity as key, whatever the message is.
  const identity = le32(1n)
  const signature = new Uint8Array(64)
  signature.set(identity)
  assert.ok(ed25519.verify(signature, new Uint8Array(3), identity, { zip215: true }), "lax rules take it")
  assert.ok(!verifyStrict(identity, new Uint8Array(3), signature))
})

test("keys whose y is not below p are refused, each with either sign bit", () => {
  for (let y = prime; y < 2n ** 255n; y++) {
    const key = le32(y)
    assert.ok(!isStrictPublicKey(key), toHex(key))
    assert.ok(!isStrictPublicKey(withBitTurned(key, 255)), toHex(key))
  }
  assert.ok(isStrictPublicKey(le32(prime - 2n)), "the greatest y below p - 1 is only not small")
})

test("S of the group's order or more is refused, though the equation holds", () => {
  const key = signingKeyFromSeed(new Uint8Array(32).fill(7))
  const message = new Uint8Array([1, 2, 3])
  const signature = key.sign(message)
  const s = BigInt(`0x${toHex(signature.slice(32).reverse())}`)
  for (const more of [order, 2n * order, 3n * order]) {
    const malleable = new Uint8Array(signature)
    malleable.set(le32(s + more), 32)
    assert.ok(!verifyStrict(key.publicKey, message, malleable))
  }
})

test("R of small order is refused in either spelling, though the equation holds and versions of OpenSSL take it", () => {
  const seed = new Uint8Array(32).fill(9)
  const { publicKey } = signingKeyFromSeed(seed)
  const message = new Uint8Array([4])
  const { scalar } = ed25519.utils.getExtendedPublicKey(seed)
  // The owner of a key chooses R as a known multiple r of the base point and S = r + h·a.
  const signatureWith = (r: bigint, encoded: Uint8Array) => {
    const signature = new Uint8Array(64)
    signature.set(encoded)
    signature.set(le32((r + ed25519HashToScalar(encoded, publicKey, message) * scalar) % order), 32)
    return signature
  }
  assert.ok(verifyStrict(publicKey, message, signatureWith(5n, Point.BASE.multiply(5n).toBytes())), "an ordinary R")
  // The identity is the multiple 0; p + 1 spells its y coordinate 1 too.
  for (const identity of [le32(1n), le32(prime + 1n)]) {
    const signature = signatureWith(0n, identity)
    assert.ok(ed25519.verify(signature, message, publicKey, { zip215: true }), "lax rules take it")
    assert.ok(!verifyStrict(publicKey, message, signature))
  }
})

function ed25519HashToScalar(r: Uint8Array, publicKey: Uint8Array, message: Uint8Array): bigint {
  const digest = ed25519Hash(new Uint8Array([...r, ...publicKey, ...message]))
  return BigInt(`0x${toHex(digest.reverse())}`) % order
}

test("keys and signatures of other lengths are refused", () => {
  const key = signingKeyFromSeed(new Uint8Array(32))
  const signature = key.sign(new Uint8Array(1))
  for (const length of [0, 31, 33]) assert.ok(!isStrictPublicKey(new Uint8Array(length).fill(5)))
  for (const length of [0, 32, 63])
    assert.ok(!verifyStrict(key.publicKey, new Uint8Array(1), signature.slice(0, length)))
  assert.ok(!verifyStrict(key.publicKey, new Uint8Array(1), new Uint8Array([...signature, 0])))
  assert.throws(() => signingKeyFromSeed(new Uint8Array(31)), RangeError)
})

test("a signing key prints nothing of its seed", () => {
  const seed = new Uint8Array(32).fill(0xab)
  const printed = inspect(signingKeyFromSeed(seed), { depth: 9, showHidden: true })
  assert.ok(!/ab(?:, ?)?ab|171, 171/.test(printed))
})

function ed25519Hash(message: Uint8Array): Uint8Array {
  return new Uint8Array(createHash("sha512").update(message).digest())
}
