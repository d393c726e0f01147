import assert from "node:assert/strict"
import { test } from "node:test"
import fc from "fast-check"
import { bytes, property, withBitTurned } from "../testing/property.ts"
import { aesGcmNonceLength, aesGcmOpen, aesGcmSeal, aesGcmTagLength } from "./aes-gcm.ts"
import { fromHex, toHex } from "./bytes.ts"

const key = new Uint8Array(32)
const nonce = new Uint8Array(12)
const none = new Uint8Array(0)

test("AES-256-GCM gives the published answers of its authors (test cases 13 and 14)", () => {
  assert.equal(toHex(aesGcmSeal(key, nonce, none, none)), "530f8afbc74536b9a963b4f1c4cb738b")
  const sealed = aesGcmSeal(key, nonce, none, new Uint8Array(16))
  assert.equal(toHex(sealed), "cea7403d4d606b6e074ec5d3baf39d18d0d1c8a799996bf0265b98b5d48ab919")
})

const inputs = fc.record({ key: bytes(32), nonce: bytes(12), aad: bytes(0, 40), plaintext: bytes(0, 200) })

property("what is sealed opens, and is 16 bytes longer", inputs, ({ key, nonce, aad, plaintext }) => {
  const sealed = aesGcmSeal(key, nonce, aad, plaintext)
  assert.equal(sealed.length, plaintext.length + aesGcmTagLength)
  assert.deepEqual(aesGcmOpen(key, nonce, aad, sealed), plaintext)
})

property(
  "any turned bit of key, nonce, aad or ciphertext is refused",
  fc.tuple(inputs, fc.nat()),
  ([{ key, nonce, aad, plaintext }, bit]) => {
    const sealed = aesGcmSeal(key, nonce, aad, plaintext)
    const turned = (original: Uint8Array) => withBitTurned(original, bit % (original.length * 8))
    assert.equal(aesGcmOpen(turned(key), nonce, aad, sealed), undefined)
    assert.equal(aesGcmOpen(key, turned(nonce), aad, sealed), undefined)
    assert.equal(aesGcmOpen(key, nonce, aad, turned(sealed)), undefined)
    if (aad.length > 0) assert.equal(aesGcmOpen(key, nonce, turned(aad), sealed), undefined)
    assert.equal(aesGcmOpen(key, nonce, new Uint8Array([...aad, 0]), sealed), undefined)
  },
  100,
)

test("what is shorter than a tag is refused", () => {
  for (let length = 0; length < aesGcmTagLength; length++) {
    assert.equal(aesGcmOpen(key, nonce, none, new Uint8Array(length)), undefined)
  }
})

test("keys and nonces of any other length are programming errors", () => {
  for (const length of [0, 16, 24, 31, 33]) {
    assert.throws(() => aesGcmSeal(new Uint8Array(length), nonce, none, none), RangeError)
    assert.throws(() => aesGcmOpen(new Uint8Array(length), nonce, none, new Uint8Array(16)), RangeError)
  }
  for (const length of [0, 8, aesGcmNonceLength - 1, 16]) {
    assert.throws(() => aesGcmSeal(key, new Uint8Array(length), none, none), RangeError)
  }
})

test("no Buffer comes out: its slice would share memory", () => {
  const sealed = aesGcmSeal(key, nonce, none, new Uint8Array(40))
  const opened = aesGcmOpen(key, nonce, none, sealed)
  for (const answer of [sealed, opened]) assert.equal(answer?.constructor, Uint8Array)
  assert.ok(fromHex("00"))
})
