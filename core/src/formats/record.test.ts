// Vectors are in spec/vectors/{record,padding}.json; here is what holds for all lengths.
import assert from "node:assert/strict"
import { test } from "node:test"
import fc from "fast-check"
import { bytes, property } from "../testing/property.ts"
import type { KeysetId } from "./ids.ts"
import * as r from "./record.ts"

const minima = fc.constantFrom(32, r.vaultPaddingMinimum)

property("padding is taken off again, and nothing else", fc.tuple(bytes(0, 3000), minima), ([plaintext, minimum]) => {
  const padded = r.pad(plaintext, minimum)
  assert.equal(padded.length, r.paddedLength(plaintext.length, minimum))
  assert.deepEqual(r.unpad(padded, minimum), plaintext)
  assert.equal(r.unpad(new Uint8Array([...padded, 0]), minimum), undefined)
  if (plaintext.length + 1 < padded.length) assert.equal(r.unpad(padded.subarray(0, -1), minimum), undefined)
})

test("padded lengths never shrink, end at the border, and cost at most 12 %", () => {
  for (const minimum of [32, 256]) {
    let previous = 0
    for (let length = 0; length < 70_000; length++) {
      const padded = r.paddedLength(length, minimum)
      assert.ok(padded > length && padded >= minimum && padded >= previous)
      // A length that padding gives is itself a length that it keeps.
      assert.equal(r.paddedLength(padded - 1, minimum), padded)
      if (padded > minimum) assert.ok(padded <= (length + 1) * 1.12, `${length}`)
      previous = padded
    }
  }
})

test("few lengths remain: a padded value of the vault tells less than 8 bits about up to 64 KiB", () => {
  const lengths = new Set<number>()
  for (let length = 0; length <= r.valueMaxLength + 1; length++)
    lengths.add(r.paddedLength(length, r.vaultPaddingMinimum))
  assert.ok(lengths.size < 256, `${lengths.size}`)
})

property(
  "Padmé keeps at most as many leading bits as its exponent has",
  fc.integer({ min: 32, max: 0x7fff_fffe }),
  (length) => {
    const padded = r.paddedLength(length, 32)
    const exponent = Math.floor(Math.log2(length + 1))
    const zeros = exponent - (Math.floor(Math.log2(exponent)) + 1)
    assert.equal(padded % 2 ** zeros, 0)
    assert.ok(padded - (length + 1) < 2 ** zeros)
  },
)

test("lengths beyond 2^31 are refused rather than computed wrong", () => {
  assert.ok(r.paddedLength(0x7fff_fffe, 32) >= 0x7fff_ffff)
  for (const length of [0x7fff_ffff, 2 ** 32, 2 ** 40]) assert.throws(() => r.paddedLength(length, 32), RangeError)
})

test("unpadding refuses what has no mark", () => {
  for (const padded of [
    new Uint8Array(0),
    new Uint8Array(256),
    new Uint8Array(256).fill(1),
    new Uint8Array(256).fill(0x81),
  ]) {
    assert.equal(r.unpad(padded, 256), undefined)
  }
  assert.deepEqual(r.unpad(new Uint8Array([0x80, ...new Uint8Array(255)]), 256), new Uint8Array(0))
})

const header = fc.record({ epoch: fc.integer({ min: 1, max: r.epochMax }), keyId: bytes(16), salt: bytes(16) })
const keysetId = "11111111-2222-4333-8444-555555555555" as KeysetId

property("a header is read back from a record", fc.tuple(header, bytes(80, 300)), ([fields, rest]) => {
  const encoded = r.encodeRecordHeader({ keysetId, ...fields })
  const parts = r.parseRecord(new Uint8Array([...encoded, ...rest]))
  assert.deepEqual(parts.header, { keysetId, ...fields })
  assert.deepEqual(parts.headerBytes, encoded)
  assert.deepEqual(new Uint8Array([...parts.commit, ...parts.ciphertext]), rest)
})

test("a header of another form is refused", () => {
  const good = { keysetId, epoch: 1, keyId: new Uint8Array(16), salt: new Uint8Array(16) }
  for (const epoch of [0, -1, 1.5, r.epochMax + 1, Number.NaN]) {
    assert.throws(() => r.encodeRecordHeader({ ...good, epoch }), RangeError)
  }
  assert.throws(() => r.encodeRecordHeader({ ...good, keyId: new Uint8Array(15) }), RangeError)
  assert.throws(() => r.encodeRecordHeader({ ...good, salt: new Uint8Array(17) }), RangeError)
  const record = new Uint8Array([...r.encodeRecordHeader(good), ...new Uint8Array(80)])
  for (const at of [0, 1, 2, 3, 20]) {
    const other = record.map((byte, index) => (index === at ? byte ^ 1 : byte))
    assert.throws(() => r.parseRecord(other), { code: "record_verification_failed", check: "format" })
  }
  assert.throws(() => r.parseRecord(record.subarray(1)), { check: "format" })
})

property("a value of any bytes is a value, and only a lone type byte a tombstone", bytes(0, 60), (value) => {
  assert.deepEqual(r.decodeVaultPlaintext(r.encodeVaultPlaintext({ kind: "value", value })), { kind: "value", value })
  if (value.length > 0) assert.throws(() => r.decodeVaultPlaintext(new Uint8Array([1, ...value])), { check: "type" })
  assert.throws(() => r.decodeVaultPlaintext(new Uint8Array([2, ...value])), { check: "type" })
})

test("a tombstone is one byte, and nothing is neither", () => {
  assert.deepEqual(r.encodeVaultPlaintext({ kind: "tombstone" }), new Uint8Array([1]))
  assert.deepEqual(r.decodeVaultPlaintext(new Uint8Array([1])), { kind: "tombstone" })
  assert.throws(() => r.decodeVaultPlaintext(new Uint8Array(0)), { check: "type" })
})

test("a record's hash is that of all its bytes", () => {
  assert.notDeepEqual(r.recordHash(new Uint8Array(3)), r.recordHash(new Uint8Array(4)))
})
