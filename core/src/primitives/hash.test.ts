import assert from "node:assert/strict"
import { createHash, hkdfSync } from "node:crypto"
import { test } from "node:test"
import { inspect } from "node:util"
import fc from "fast-check"
import { bytes, property } from "../testing/property.ts"
import { concatBytes, fromHex, toHex, utf8 } from "./bytes.ts"
import {
  equalBytes,
  hkdf,
  hkdfExpand,
  hkdfExtract,
  hmacKey,
  hmacSha256,
  runningSha256,
  sha256,
  sha256OfText,
} from "./hash.ts"

const unhex = (digits: string) => fromHex(digits) as Uint8Array

test("SHA-256 gives the published answers, in plain bytes", () => {
  assert.equal(toHex(sha256(new Uint8Array(0))), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
  assert.equal(toHex(sha256(utf8("abc"))), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
  assert.equal(sha256(utf8("abc")).constructor, Uint8Array)
})

property("both ways to SHA-256 that Node has give the same", bytes(0, 300), (message) => {
  assert.equal(toHex(sha256(message)), createHash("sha256").update(message).digest("hex"))
})

property("a text hashes like its bytes", fc.string({ unit: "grapheme" }), (text) => {
  assert.equal(toHex(sha256OfText(text)), toHex(sha256(utf8(text))))
})

property("parts hash like what they are parts of", fc.array(bytes(0, 100), { minLength: 1, maxLength: 4 }), (parts) => {
  const [first = new Uint8Array(0), ...rest] = parts
  assert.equal(toHex(sha256(first, ...rest)), toHex(sha256(concatBytes(...parts))))
})

property(
  "pieces hash like the whole, and may be followed by more",
  fc.array(bytes(0, 100), { maxLength: 4 }),
  (pieces) => {
    const running = runningSha256()
    for (const [index, piece] of pieces.entries()) {
      running.update(piece)
      assert.equal(toHex(running.soFar()), toHex(sha256(concatBytes(...pieces.slice(0, index + 1)))))
    }
  },
)

test("HMAC-SHA-256 gives the answers of RFC 4231 (cases 1, 2 and 6)", () => {
  const cases = [
    [new Uint8Array(20).fill(0x0b), "Hi There", "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"],
    [utf8("Jefe"), "what do ya want for nothing?", "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"],
    [
      new Uint8Array(131).fill(0xaa),
      "Test Using Larger Than Block-Size Key - Hash Key First",
      "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54",
    ],
  ] as const
  for (const [key, message, expected] of cases) {
    assert.equal(toHex(hmacSha256(key, utf8(message))), expected)
    assert.equal(toHex(hmacSha256(hmacKey(key), utf8(message))), expected)
  }
})

test("HKDF-SHA-256 gives the answers of RFC 5869 (A.1 and A.3)", () => {
  const ikm = new Uint8Array(22).fill(0x0b)
  const prk = hkdfExtract(unhex("000102030405060708090a0b0c"), ikm)
  assert.equal(toHex(prk), "077709362c2e32df0ddc3f0dc47bba6390b6c73bb50f9c3122ec844ad7c2b3e5")
  assert.equal(
    toHex(hkdfExpand(prk, unhex("f0f1f2f3f4f5f6f7f8f9"), 42)),
    "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865",
  )
  assert.equal(
    toHex(hkdf(new Uint8Array(0), ikm, new Uint8Array(0), 42)),
    "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8",
  )
})

const hkdfInput = fc.record({
  salt: bytes(0, 80),
  ikm: bytes(1, 80),
  info: bytes(0, 80),
  length: fc.integer({ min: 1, max: 300 }),
})

property("HKDF is that of Node for every length", hkdfInput, ({ salt, ikm, info, length }) => {
  assert.equal(
    toHex(hkdf(salt, ikm, info, length)),
    Buffer.from(hkdfSync("sha256", ikm, salt, info, length)).toString("hex"),
  )
})

test("HKDF ends at 255 blocks", () => {
  assert.equal(hkdfExpand(new Uint8Array(32), new Uint8Array(0), 8160).length, 8160)
  assert.throws(() => hkdfExpand(new Uint8Array(32), new Uint8Array(0), 8161), RangeError)
})

test("a prepared HMAC key is a copy and prints no bytes", () => {
  const original = new Uint8Array(32).fill(0xab)
  const key = hmacKey(original)
  const before = hmacSha256(key, utf8("m"))
  original.fill(0)
  assert.deepEqual(hmacSha256(key, utf8("m")), before)
  assert.ok(!/abab|171/.test(inspect(key, { depth: 9, showHidden: true })))
})

property("bytes are equal exactly when they are the same", fc.tuple(bytes(0, 6), bytes(0, 6)), ([left, right]) => {
  assert.equal(equalBytes(left, right), toHex(left) === toHex(right))
  assert.ok(equalBytes(left, new Uint8Array(left)))
})
