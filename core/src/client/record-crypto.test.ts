// The exact bytes and the checks by region are in spec/vectors/record.json; here is what holds for all values.
import assert from "node:assert/strict"
import { test } from "node:test"
import fc from "fast-check"
import type { KeysetId, WorkspaceId } from "../formats/ids.ts"
import { recordLength } from "../formats/record.ts"
import { type RecordContext, unboundRow } from "../formats/record-context.ts"
import { bytes, property, withBitTurned } from "../testing/property.ts"
import { foreseeable } from "../testing/workspace.ts"
import { openRecord, sealRecord } from "./record-crypto.ts"

const place = {
  workspaceId: "ABCDEFGHIJKLMNOPQRSTUVWXYZ" as WorkspaceId,
  keysetId: "11111111-2222-4333-8444-555555555555" as KeysetId,
}
const secret = { purpose: "secret", ...place, name: "A", version: 1 } as const
const random = foreseeable()
const keys = { clientHalf: random(32), keySeed: random(32) }
const seal = (plaintext: Uint8Array, context: RecordContext = secret, epoch = 1) =>
  sealRecord({ context, ...keys, epoch, keyId: random(16), plaintext, random32: random(32) })
const refused = { code: "record_verification_failed" }

const contexts: fc.Arbitrary<RecordContext> = fc.oneof(
  fc
    .record({ name: fc.string({ minLength: 1 }), version: fc.maxSafeNat() })
    .map((own): RecordContext => ({ ...secret, ...own })),
  fc
    .record({
      table: fc.string({ minLength: 1 }),
      column: fc.string({ minLength: 1 }),
      row: fc.option(fc.string({ minLength: 1 })),
    })
    .map((own): RecordContext => ({ purpose: "field", ...place, ...own, row: own.row ?? unboundRow })),
)

property(
  "a record opens where it was sealed",
  fc.tuple(contexts, bytes(0, 600), fc.integer({ min: 1, max: 0xffff_ffff })),
  ([context, plaintext, epoch]) => {
    assert.deepEqual(openRecord(seal(plaintext, context, epoch), context, keys), plaintext)
  },
)

test("values of every length around the borders of padding, and up to 70,000 bytes, come back", () => {
  const borders = [0, 1, 254, 255, 256, 270, 271, 272, 65_535, 65_536, 65_537, 70_000]
  for (let length = 300; length < 70_000; length += 1009) borders.push(length)
  const value = random(8000)
  for (const length of borders) {
    const plaintext = Uint8Array.from({ length }, (_, index) => value[index % value.length] as number)
    const record = seal(plaintext)
    assert.equal(record.length, recordLength(length, 256))
    assert.deepEqual(openRecord(record, secret, keys), plaintext)
  }
})

test("every single bit of a record counts", () => {
  const record = seal(new TextEncoder().encode("postgres://app@db.internal/app"))
  for (let bit = 0; bit < record.length * 8; bit++) {
    assert.throws(() => openRecord(withBitTurned(record, bit), secret, keys), refused, `bit ${bit}`)
  }
})

test("every single bit of either half counts", () => {
  const record = seal(new Uint8Array(10))
  for (let bit = 0; bit < 256; bit++) {
    const half = { ...keys, clientHalf: withBitTurned(keys.clientHalf, bit) }
    const seed = { ...keys, keySeed: withBitTurned(keys.keySeed, bit) }
    for (const other of [half, seed])
      assert.throws(() => openRecord(record, secret, other), { ...refused, check: "commit" })
  }
})

property("a record opens nowhere else", fc.tuple(contexts, contexts), ([context, other]) => {
  const shape = (each: RecordContext) =>
    JSON.stringify(Object.entries(each).map(([name, value]) => [name, String(value)]))
  if (shape(context) === shape(other)) return
  assert.throws(() => openRecord(seal(new Uint8Array(3), context), other, keys), refused)
})

property(
  "cut or lengthened records are refused",
  fc.tuple(bytes(0, 100), fc.nat(), bytes(1, 40)),
  ([plaintext, at, more]) => {
    const record = seal(plaintext)
    assert.throws(() => openRecord(record.subarray(0, at % record.length), secret, keys), refused)
    assert.throws(() => openRecord(new Uint8Array([...record, ...more]), secret, keys), refused)
    assert.throws(() => openRecord(new Uint8Array([...more, ...record]), secret, keys), refused)
  },
)

property("whatever bytes a server sends, there is one kind of refusal", bytes(0, 500), (garbage) => {
  assert.throws(() => openRecord(garbage, secret, keys), refused)
  const header = seal(new Uint8Array(1)).subarray(0, 56)
  assert.throws(() => openRecord(new Uint8Array([...header, ...garbage]), secret, keys), refused)
})

test("the same value sealed twice has nothing in common", () => {
  const [first, second] = [seal(new Uint8Array(100)), seal(new Uint8Array(100))]
  assert.notDeepEqual(first.subarray(40, 56), second.subarray(40, 56))
  assert.notDeepEqual(first.subarray(88, 120), second.subarray(88, 120))
})

test("a seed or a key id of a wrong length seals nothing, and the caller's bytes are left alone", () => {
  const plaintext = new Uint8Array([1, 2, 3])
  const input = { context: secret, ...keys, epoch: 1, keyId: random(16), plaintext, random32: random(32) }
  for (const change of [{ keySeed: random(31) }, { keySeed: random(33) }, { keyId: random(15) }]) {
    assert.throws(() => sealRecord({ ...input, ...change }), { code: "encryption_failed" })
  }
  for (const change of [{ epoch: 0 }, { epoch: 2 ** 32 }, { random32: random(31) }]) {
    assert.throws(() => sealRecord({ ...input, ...change }), RangeError)
  }
  sealRecord(input)
  assert.deepEqual(plaintext, new Uint8Array([1, 2, 3]))
  assert.notDeepEqual(keys.clientHalf, new Uint8Array(32))
})
