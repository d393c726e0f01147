import assert from "node:assert/strict"
import { test } from "node:test"
import fc from "fast-check"
import { anyText, bytes, property } from "../testing/property.ts"
import { decodeFieldValue, encodeFieldValue, type FieldType, type FieldValues, fieldTypes } from "./field-value.ts"

const values: { readonly [Type in FieldType]: fc.Arbitrary<FieldValues[Type]> } = {
  text: anyText.filter((text) => text.isWellFormed()),
  number: fc.double(),
  boolean: fc.boolean(),
  date: fc.date({ noInvalidDate: true }),
  bigint: fc.oneof(fc.bigInt(), fc.bigInt({ min: -(2n ** 200n), max: 2n ** 200n })),
  json: fc.jsonValue() as fc.Arbitrary<FieldValues["json"]>,
  bytes: bytes(0, 300),
}

for (const [type, arbitrary] of Object.entries(values) as [FieldType, fc.Arbitrary<FieldValues[FieldType]>][]) {
  property(`every ${type} comes back as it was`, arbitrary, (value) => {
    const plaintext = encodeFieldValue(type, value)
    assert.equal(plaintext[0], fieldTypes[type])
    // Strict: NaN, -0 and the type of an object count.
    assert.deepStrictEqual(decodeFieldValue(type, plaintext), value)
  })

  property(`no bytes make ${type} fail in another way than by its check`, bytes(0, 40), (given) => {
    try {
      decodeFieldValue(type, Uint8Array.of(fieldTypes[type], ...given))
    } catch (error) {
      assert.equal((error as { check?: string }).check, "type")
    }
  })
}

test("a value is no value of another type", () => {
  for (const type of Object.keys(fieldTypes) as FieldType[]) {
    if (type === "bytes") continue
    assert.throws(() => decodeFieldValue(type, Uint8Array.of(fieldTypes.bytes, 1)), { check: "type" })
  }
  assert.throws(() => decodeFieldValue("text", new Uint8Array(0)), { check: "type" })
  assert.throws(() => decodeFieldValue("text", Uint8Array.of(9)), { check: "type" })
})

test("what would not come back is refused, and the caller's bytes stay as they are", () => {
  assert.throws(() => encodeFieldValue("text", "\ud800"), RangeError)
  assert.throws(() => encodeFieldValue("date", new Date(Number.NaN)), RangeError)
  assert.throws(() => encodeFieldValue("json", { a: new Date(0) } as never), RangeError)
  const own = Uint8Array.of(1, 2)
  const plaintext = encodeFieldValue("bytes", own)
  const back = decodeFieldValue("bytes", plaintext)
  plaintext.fill(0)
  assert.deepEqual([own, back], [Uint8Array.of(1, 2), Uint8Array.of(1, 2)])
})
