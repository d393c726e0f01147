import assert from "node:assert/strict"
import { test } from "node:test"
import fc from "fast-check"
import { anyText, bytes, property } from "../testing/property.ts"
import * as b from "./bytes.ts"

property("base64url is read back, and is written in its own alphabet without padding", bytes(0, 100), (original) => {
  const text = b.toBase64Url(original)
  assert.match(text, /^[A-Za-z0-9_-]*$/)
  assert.equal(text.length, Math.ceil((original.length * 4) / 3))
  assert.deepEqual(b.fromBase64Url(text), original)
})

property("text has the same bytes in shared memory, as a plain array", anyText, (text) => {
  assert.deepEqual(b.sharedUtf8(text), b.utf8(text))
})

property("text is read as base64url only when it is exactly what would be written", anyText, (text) => {
  const read = b.fromBase64Url(text)
  if (read !== undefined) assert.equal(b.toBase64Url(read), text)
})

property("every other spelling of the same bytes is refused", fc.tuple(bytes(1, 40), fc.nat(3)), ([original, kind]) => {
  const text = b.toBase64Url(original)
  const spellings = [`${text}=`, `${text}\n`, ` ${text}`, `${text.slice(0, 1)} ${text.slice(1)}`]
  assert.equal(b.fromBase64Url(spellings[kind] as string), undefined)
})

test("unused bits of the last character must be zero", () => {
  assert.deepEqual(b.fromBase64Url("AA"), new Uint8Array(1))
  for (const text of ["AB", "AP", "AAB", "A", "AAAAA", "+AAA", "/AAA", "AA==", "é", "AAAÄ"]) {
    assert.equal(b.fromBase64Url(text), undefined, text)
  }
})

test("what was read owns its memory, so wiping it leaves nothing behind", () => {
  const read = b.fromBase64Url("AAAA") as Uint8Array
  assert.equal(read.buffer.byteLength, 3)
  assert.equal(read.constructor, Uint8Array)
})

property("hexadecimal is read back, and only in lower case", bytes(0, 40), (original) => {
  const text = b.toHex(original)
  assert.deepEqual(b.fromHex(text), original)
  if (/[a-f]/.test(text)) assert.equal(b.fromHex(text.toUpperCase()), undefined)
  assert.equal(b.fromHex(`${text}0`), undefined)
})

test("base32 gives the answers of RFC 4648, without padding", () => {
  const answers = { f: "MY", fo: "MZXQ", foo: "MZXW6", foob: "MZXW6YQ", fooba: "MZXW6YTB", foobar: "MZXW6YTBOI" }
  for (const [text, expected] of Object.entries(answers)) assert.equal(b.toBase32(b.utf8(text)), expected)
  assert.equal(b.toBase32(new Uint8Array(0)), "")
})

property("different bytes of one length differ in base32", fc.tuple(bytes(20), bytes(20)), ([left, right]) => {
  assert.equal(b.toBase32(left) === b.toBase32(right), b.toHex(left) === b.toHex(right))
})

property("le64 is the integer in eight little-endian bytes", fc.maxSafeNat(), (value) => {
  const view = new DataView(b.le64(value).buffer as ArrayBuffer)
  assert.equal(view.getBigUint64(0, true), BigInt(value))
})

test("le64 refuses what it could only round", () => {
  for (const value of [-1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53]) {
    assert.throws(() => b.le64(value), RangeError, String(value))
  }
})

property("u32 is written and read in little-endian bytes", fc.nat(0xffff_ffff), (value) => {
  const target = new Uint8Array(6)
  b.writeLe32(target, 1, value)
  assert.equal(b.readLe32(target.subarray(1), 0), value)
  assert.equal(target[5], 0)
})

test("joined bytes are copies", () => {
  const part = new Uint8Array([1, 2])
  const joined = b.concatBytes(part, new Uint8Array(0), new Uint8Array([3]))
  part.fill(9)
  assert.deepEqual(joined, new Uint8Array([1, 2, 3]))
})

test("UTF-8 that is not valid is refused, and a byte order mark is kept", () => {
  for (const bad of [[0xff], [0xc0, 0x80], [0xed, 0xa0, 0x80], [0xe2, 0x82]]) {
    assert.throws(() => b.fromUtf8(new Uint8Array(bad)), TypeError)
  }
  assert.equal(b.fromUtf8(new Uint8Array([0xef, 0xbb, 0xbf, 0x41])), "\ufeffA")
})

test("a plain view of a Buffer shares its memory and is no Buffer", () => {
  const buffer = Buffer.from([1, 2, 3])
  const plain = b.plainBytes(buffer)
  assert.equal(plain.constructor, Uint8Array)
  assert.deepEqual(plain, new Uint8Array([1, 2, 3]))
  const copy = plain.slice()
  buffer[0] = 9
  assert.deepEqual([plain[0], copy[0]], [9, 1])
})

test("wiping zeroes every buffer that is there", () => {
  const [left, right] = [new Uint8Array([1]), new Uint8Array([2, 3])]
  b.wipe(left, undefined, right)
  assert.deepEqual([left, right], [new Uint8Array(1), new Uint8Array(2)])
})

property("standard base64 is read back, and only in its one spelling", bytes(0, 100), (original) => {
  const text = b.toBase64(original)
  assert.equal(text, Buffer.from(original).toString("base64"))
  assert.deepEqual(b.fromBase64(text), original)
  for (const other of [`${text}\n`, ` ${text}`, `${text}=`, text.replace("=", "")]) {
    if (other !== text) assert.equal(b.fromBase64(other), undefined)
  }
})

test("standard base64 refuses unused bits and the letters of base64url", () => {
  for (const text of ["AB==", "AAB=", "-AAA", "_AAA", "A", "AA", "AAA"])
    assert.equal(b.fromBase64(text), undefined, text)
})
