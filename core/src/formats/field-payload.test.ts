import assert from "node:assert/strict"
import { test } from "node:test"
import { concatBytes, toBase64Url } from "../primitives/bytes.ts"
import { anyText, property } from "../testing/property.ts"
import { encryptedPayload, recordOfPayload } from "./field-payload.ts"
import { newKeysetId } from "./ids.ts"
import { encodeRecordHeader } from "./record.ts"

const header = encodeRecordHeader({
  keysetId: newKeysetId((length) => new Uint8Array(length).fill(7)),
  epoch: 3,
  keyId: new Uint8Array(16),
  salt: new Uint8Array(16),
})
const record = concatBytes(header, new Uint8Array(80))
const payload = encryptedPayload(record)
const refused = { code: "record_verification_failed", check: "format" }

test("a payload holds its record, as an object and as text, in any order of members", () => {
  assert.deepEqual(payload, { v: 1, e: 3, c: toBase64Url(record) })
  assert.deepEqual(recordOfPayload(payload), record)
  assert.deepEqual(recordOfPayload(` ${JSON.stringify(payload, undefined, 2)}\n`), record)
  assert.deepEqual(recordOfPayload({ c: payload.c, v: 1, e: 3 }), record)
})

test("anything else is refused", () => {
  const others = [
    undefined,
    null,
    7,
    "",
    "x",
    [],
    {},
    [payload],
    payload.c,
    { ...payload, v: 2 },
    { ...payload, v: "1" },
    { ...payload, e: 4 },
    { ...payload, e: "3" },
    { ...payload, c: `${payload.c}=` },
    { ...payload, c: payload.c.slice(0, 40) },
    { ...payload, x: 1 },
    { v: 1, c: payload.c },
    Object.create(payload),
    JSON.parse(JSON.stringify(payload).replace("{", '{"__proto__":1,')),
  ]
  for (const other of others) assert.throws(() => recordOfPayload(other), refused)
  assert.throws(() => recordOfPayload({ ...payload, v: 2 }), /newer version/)
})

property("no text is shown by its refusal", anyText, (text) => {
  assert.throws(
    () => recordOfPayload({ v: 1, e: 3, c: `CANARY${text}` }),
    (error: Error) => !error.message.includes("CANARY"),
  )
})
