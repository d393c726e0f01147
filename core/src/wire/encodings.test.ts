import assert from "node:assert/strict"
import { test } from "node:test"
import fc from "fast-check"
import { Compile } from "typebox/compile"
import { fromBase64Url, toBase64Url } from "../primitives/bytes.ts"
import { anyText, bytes, property } from "../testing/property.ts"
import * as encodings from "./encodings.ts"

const schemas = [1, 2, 3, 16, 32, 60, 1216].map((length) => [length, Compile(encodings.Bytes(length))] as const)

property(
  "bytes of a fixed length pass exactly in their one spelling",
  fc.tuple(bytes(1216), anyText, fc.nat()),
  ([all, text, at]) => {
    for (const [length, schema] of schemas) {
      const written = toBase64Url(all.subarray(0, length))
      assert.ok(schema.Check(written))
      const i = at % written.length
      for (const other of [
        text,
        `${written}=`,
        `${written}A`,
        written.slice(1),
        `${written.slice(0, i)}${text.charAt(0)}${written.slice(i + 1)}`,
      ]) {
        // Whatever passes the schema is readable, so that no route can meet bytes it cannot decode.
        assert.equal(schema.Check(other), fromBase64Url(other)?.length === length, other)
      }
    }
  },
  100,
)

test("bytes of a range pass by their number of characters", () => {
  const schema = Compile(encodings.BytesUpTo(16, 48, "x"))
  for (const length of [16, 32, 48]) assert.ok(schema.Check(toBase64Url(new Uint8Array(length))), `${length}`)
  for (const length of [0, 15, 49]) assert.ok(!schema.Check(toBase64Url(new Uint8Array(length))), `${length}`)
  assert.ok(!schema.Check("+".repeat(22)))
})

test("ids, versions and epochs pass in their canonical form alone", () => {
  const uuid = "0b7d1f2c-6f4e-4a57-9a57-0e0c9b0f7a11"
  const cases = [
    [encodings.Uuid, [uuid], [uuid.toUpperCase(), `${uuid}\n`, `{${uuid}}`, ""]],
    [encodings.ApiKeyIdText, ["abcdefghij234567"], ["ABCDEFGHIJ234567", "abcdefghij234561", "a"]],
    [encodings.Version, [1, Number.MAX_SAFE_INTEGER], [0, -1, 1.5, 2 ** 53, "1", null]],
    [encodings.Epoch, [1, 0xffff_ffff], [0, 2 ** 32, 1.5]],
    [encodings.EnvironmentRef, ["production", uuid], ["", "a".repeat(64), 7]],
  ] as const
  for (const [schema, good, bad] of cases) {
    const compiled = Compile(schema)
    for (const value of good) assert.ok(compiled.Check(value), `${value}`)
    for (const value of bad) assert.ok(!compiled.Check(value), `${value}`)
  }
})

test("names that are too long or odd reach the vault, which says what is wrong with them", () => {
  const schema = Compile(encodings.SecretNameText)
  for (const name of ["", "A B", "ü", "a".repeat(256)]) assert.ok(schema.Check(name))
  assert.ok(!schema.Check("a".repeat(255 * 8 + 1)))
})
