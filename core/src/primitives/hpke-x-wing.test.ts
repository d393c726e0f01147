// Known answers are in tests/vectors/x-wing.test.ts; here is what must be refused.
import assert from "node:assert/strict"
import { test } from "node:test"
import { concatBytes, utf8 } from "./bytes.ts"
import { hpkeOpen, hpkeSeal, xWingEncLength, xWingPublicKey, xWingPublicKeyLength } from "./hpke-x-wing.ts"

const privateKey = new Uint8Array(32).fill(3)
const publicKey = await xWingPublicKey(privateKey)
const info = utf8("info")
const half = new Uint8Array(32).fill(0xcd)

test("what is sealed opens with the private key alone, and never looks the same twice", async () => {
  const first = await hpkeSeal(publicKey, info, half)
  const second = await hpkeSeal(publicKey, info, half)
  assert.equal(first.enc.length, xWingEncLength)
  assert.equal(first.sealed.length, half.length + 16)
  assert.notDeepEqual(first.enc, second.enc)
  assert.notDeepEqual(first.sealed, second.sealed)
  assert.deepEqual(await hpkeOpen(privateKey, info, first.enc, first.sealed), half)
  assert.equal(await hpkeOpen(new Uint8Array(32).fill(4), info, first.enc, first.sealed), undefined)
  assert.equal(await hpkeOpen(privateKey, info, second.enc, first.sealed), undefined)
})

test("nothing is sealed to a key with an ML-KEM coefficient of 3,329 or more", async () => {
  // Coefficients stand in 12 bits: 3,329 is 0xd01, and 0xfff the greatest. Both are other spellings of smaller ones.
  for (const [low, high] of [
    [0x01, 0x0d],
    [0xff, 0x0f],
  ] as const) {
    for (const at of [0, 384, 1149]) {
      const malformed = new Uint8Array(publicKey)
      malformed[at] = low
      malformed[at + 1] = ((malformed[at + 1] as number) & 0xf0) | high
      await assert.rejects(hpkeSeal(malformed, info, half), `coefficient at ${at}`)
    }
  }
})

/** X25519 points whose product with every private key is zero (RFC 7748, 6.1), as they are usually listed. */
const smallOrder = [
  "0000000000000000000000000000000000000000000000000000000000000000",
  "0100000000000000000000000000000000000000000000000000000000000000",
  "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
  "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
  "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
  "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
  "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
].map((digits) => new Uint8Array(Buffer.from(digits, "hex")))

test("an all-zero X25519 result is refused by whoever seals and by whoever opens", async () => {
  const { enc, sealed } = await hpkeSeal(publicKey, info, half)
  for (const point of smallOrder) {
    await assert.rejects(hpkeSeal(concatBytes(publicKey.subarray(0, 1184), point), info, half))
    assert.equal(await hpkeOpen(privateKey, info, concatBytes(enc.subarray(0, 1088), point), sealed), undefined)
  }
})

test("other lengths are refused: of keys as programming errors, of what a server sends quietly", async () => {
  const { enc, sealed } = await hpkeSeal(publicKey, info, half)
  for (const length of [0, xWingPublicKeyLength - 1, xWingPublicKeyLength + 1]) {
    await assert.rejects(hpkeSeal(new Uint8Array(length), info, half), RangeError)
  }
  for (const length of [0, 31, 33]) {
    await assert.rejects(xWingPublicKey(new Uint8Array(length)), RangeError)
    await assert.rejects(hpkeOpen(new Uint8Array(length), info, enc, sealed), RangeError)
  }
  for (const other of [enc.slice(1), new Uint8Array(0)]) {
    assert.equal(await hpkeOpen(privateKey, info, other, sealed), undefined)
  }
  for (const other of [sealed.slice(1), sealed.slice(0, 15), new Uint8Array(0)]) {
    assert.equal(await hpkeOpen(privateKey, info, enc, other), undefined)
  }
})

test("a Buffer that is a view into a larger one is sealed alone, without its neighbours", async () => {
  const pool = Buffer.alloc(4096, 0xee)
  const view = pool.subarray(100, 132)
  view.fill(0xcd)
  const { enc, sealed } = await hpkeSeal(publicKey, info, view)
  assert.equal(sealed.length, 48)
  assert.deepEqual(await hpkeOpen(privateKey, info, enc, sealed), half)
  const keyView = Buffer.concat([Buffer.alloc(7, 1), privateKey]).subarray(7)
  assert.deepEqual(await xWingPublicKey(keyView), publicKey)
  assert.deepEqual(await hpkeOpen(keyView, info, enc, sealed), half)
  assert.deepEqual(new Uint8Array(keyView), privateKey, "the caller's key is not wiped")
})

test("many may seal and open at once", async () => {
  const sealed = await Promise.all(Array.from({ length: 8 }, () => hpkeSeal(publicKey, info, half)))
  const opened = await Promise.all(sealed.map((each) => hpkeOpen(privateKey, info, each.enc, each.sealed)))
  for (const each of opened) assert.deepEqual(each, half)
})
