import assert from "node:assert/strict"
import { test } from "node:test"
import { openRecord, sealRecord } from "@halfkey/core/client/record-crypto"
import { type EncryptedPayload, encryptedPayload, recordOfPayload } from "@halfkey/core/formats/field-payload"
import { decodeFieldValue, encodeFieldValue, type FieldType, fieldTypes } from "@halfkey/core/formats/field-value"
import { type FieldContext, unboundRow } from "@halfkey/core/formats/record-context"
import * as spec from "./independent.ts"
import { vectors } from "./vector-file.ts"

interface Case {
  type: FieldType
  value: string | boolean
  context: Record<"workspaceId" | "keysetId" | "table" | "column", string> & { row: string | null }
  keyId: string
  random32: string
  plaintext: string
  payload: EncryptedPayload
}
type Changed = { change: Record<string, unknown>; check: string }

const file = vectors<{
  keys: { clientHalf: string; keySeed: string }
  cases: Case[]
  refused: { payloads: Changed[]; contexts: Changed[]; plaintexts: string[] }
}>("field.json")

const keys = { clientHalf: spec.unhex(file.keys.clientHalf), keySeed: spec.unhex(file.keys.keySeed) }
const contextOf = (context: Case["context"]) =>
  ({ ...context, row: context.row ?? unboundRow }) as unknown as FieldContext
const open = (payload: unknown, context: Case["context"]) =>
  openRecord(recordOfPayload(payload), contextOf(context), keys)
const first = file.cases[0] ?? assert.fail()

/** What the file shows, as the value that it stands for. */
function shownValue({ type, value }: Case): unknown {
  const text = `${value}`
  if (type === "number") return Number(text)
  if (type === "date") return new Date(Number(text))
  if (type === "bigint") return BigInt(text)
  if (type === "json") return JSON.parse(text)
  return type === "bytes" ? spec.unhex(text) : value
}

/** Type byte and value once more, from the specification. */
function plaintextOf(each: Case): Uint8Array {
  const type = { text: 1, number: 2, boolean: 3, date: 4, bigint: 5, json: 6, bytes: 7 }[each.type]
  const view = new DataView(new ArrayBuffer(8))
  if (each.type === "number") view.setFloat64(0, Number(each.value), true)
  if (each.type === "date") view.setBigInt64(0, BigInt(each.value), true)
  const eight = new Uint8Array(view.buffer)
  if (each.type === "number" || each.type === "date") return spec.join(Uint8Array.of(type), eight)
  if (each.type === "boolean") return Uint8Array.of(type, each.value === true ? 1 : 0)
  return spec.join(
    Uint8Array.of(type),
    each.type === "bytes" ? spec.unhex(`${each.value}`) : spec.ascii(`${each.value}`),
  )
}

for (const each of file.cases) {
  test(`a field of the vectors is sealed and opened: ${each.type} ${each.value}`, () => {
    const value = shownValue(each)
    const plaintext = spec.unhex(each.plaintext)
    assert.deepStrictEqual(encodeFieldValue(each.type, value as never), plaintext)
    const [keyId, random32] = [spec.unhex(each.keyId), spec.unhex(each.random32)]
    const record = sealRecord({ context: contextOf(each.context), ...keys, epoch: 3, keyId, plaintext, random32 })
    assert.deepEqual(encryptedPayload(record), each.payload)
    assert.deepStrictEqual(decodeFieldValue(each.type, open(JSON.stringify(each.payload), each.context)), value)
  })

  test(`a field of the vectors follows from the specification: ${each.type} ${each.value}`, async () => {
    assert.deepEqual(plaintextOf(each), spec.unhex(each.plaintext))
    const { column, keysetId, row, table, workspaceId } = each.context
    const record = spec.unbase64url(each.payload.c)
    const info = spec.pae(
      "data-key",
      record.slice(0, 56),
      "field",
      workspaceId,
      spec.uuid(keysetId),
      table,
      column,
      row,
    )
    const okm = await spec.hkdf(keys.clientHalf, keys.keySeed, info, 64)
    assert.deepEqual(record.slice(56, 88), okm.slice(32))
    const none = new Uint8Array(0)
    const padded = await spec.open(okm.slice(0, 32), new Uint8Array(12), none, record.slice(88))
    const start = spec.join(spec.unhex(each.plaintext), Uint8Array.of(0x80))
    assert.deepEqual(padded, spec.join(start, new Uint8Array(padded.length - start.length)))
    assert.deepEqual([each.payload.v, each.payload.e], [1, record[20]])
  })
}

test("changed payloads, other places and malformed plaintexts are refused by their check", () => {
  for (const { change, check } of file.refused.payloads) {
    assert.throws(() => open({ ...first.payload, ...change }, first.context), { check }, JSON.stringify(change))
  }
  for (const { change, check } of file.refused.contexts) {
    assert.throws(() => open(first.payload, { ...first.context, ...change }), { check }, JSON.stringify(change))
  }
  assert.ok(file.refused.plaintexts.length > 10)
  for (const text of file.refused.plaintexts) {
    const bytes = spec.unhex(text)
    for (const type of Object.keys(fieldTypes) as FieldType[]) {
      assert.throws(() => decodeFieldValue(type, bytes), { check: "type" }, `${type} ${text}`)
    }
  }
})
