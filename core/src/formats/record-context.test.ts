import assert from "node:assert/strict"
import { test } from "node:test"
import fc from "fast-check"
import { toHex } from "../primitives/bytes.ts"
import { property } from "../testing/property.ts"
import type { KeysetId, WorkspaceId } from "./ids.ts"
import { pae } from "./pae.ts"
import { contextFields, type RecordContext, unboundRow } from "./record-context.ts"

const place = {
  workspaceId: "ABCDEFGHIJKLMNOPQRSTUVWXYZ" as WorkspaceId,
  keysetId: "11111111-2222-4333-8444-555555555555" as KeysetId,
}
const text = fc.string({ minLength: 1, maxLength: 6 })
const contexts: fc.Arbitrary<RecordContext> = fc.oneof(
  fc
    .record({ purpose: fc.constant("secret" as const), name: text, version: fc.nat(3) })
    .map((own) => ({ ...place, ...own })),
  fc
    .record({ purpose: fc.constant("field" as const), table: text, column: text, row: fc.option(text) })
    .map((own): RecordContext => ({ ...place, ...own, row: own.row ?? unboundRow })),
)
const bytesOf = (context: RecordContext) => toHex(pae("data-key", ...contextFields(context)))
const shape = (context: RecordContext) =>
  JSON.stringify(Object.entries(context).map(([name, value]) => [name, String(value)]))

property(
  "different places have different bytes",
  fc.tuple(contexts, contexts),
  ([left, right]) => {
    assert.equal(bytesOf(left) === bytesOf(right), shape(left) === shape(right))
  },
  1000,
)

test("no row can be spelled like no row, and no place has an empty part", () => {
  const field = { purpose: "field", ...place, table: "t", column: "c", row: unboundRow } as const
  assert.notEqual(bytesOf(field), bytesOf({ ...field, row: "unbound row" }))
  for (const change of [{ table: "" }, { column: "" }, { row: "" }]) {
    assert.throws(() => contextFields({ ...field, ...change }), RangeError)
  }
  assert.throws(() => contextFields({ purpose: "secret", ...place, name: "", version: 1 }), RangeError)
})
