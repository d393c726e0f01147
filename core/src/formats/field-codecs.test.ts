// Every codec's refusals are in spec/vectors/{roster,manifest,grant}.json; here is what JSON files cannot hold, and limits.
import assert from "node:assert/strict"
import { test } from "node:test"
import fc from "fast-check"
import { property } from "../testing/property.ts"
import * as codecs from "./field-codecs.ts"

const refused = { code: "invalid_document", check: "encoding" }
const item = { id: codecs.integerField(1), label: codecs.labelField }
const list = codecs.listField("item", item, ({ id }) => id)

test("numbers that JSON.parse gives but that no field may be are refused", () => {
  const field = codecs.integerField(0)
  assert.equal(field.parse(JSON.parse("9007199254740991"), "n"), Number.MAX_SAFE_INTEGER)
  for (const text of ["-0", "9007199254740992", "9007199254740993", "1e400", "-1", "0.5", "1e-1"]) {
    assert.throws(() => field.parse(JSON.parse(text), "n"), refused, text)
  }
})

test("of repeated members JSON.parse keeps the last: the signature decides about that one", () => {
  assert.deepEqual(codecs.parseFields({ a: codecs.integerField(0) }, JSON.parse('{"a":1,"a":2}'), "x"), { a: 2 })
})

test("members that would reach a prototype are unknown fields", () => {
  for (const name of ["__proto__", "constructor", "hasOwnProperty", "toString"]) {
    assert.throws(
      () => codecs.parseFields({ a: codecs.integerField(0) }, JSON.parse(`{"a":1,"${name}":{}}`), "x"),
      refused,
    )
  }
  // Inherited is not present: the field itself must be there.
  assert.throws(() => codecs.parseFields({ a: codecs.integerField(0) }, Object.create({ a: 1 }), "x"), /is missing/)
  assert.equal(({} as Record<string, unknown>)["a"], undefined)
})

test("an unknown field's name reaches the error only when it cannot speak to a terminal", () => {
  const error = (name: string) => {
    try {
      codecs.parseFields({}, { [name]: 1 }, "roster")
    } catch (thrown) {
      return (thrown as Error).message
    }
    return ""
  }
  assert.match(error("extra"), /^roster\.extra: /)
  for (const name of ["\u001b[31m", "a".repeat(41), "hk\nck", ""])
    assert.match(error(name), /^roster\.\(name not shown\): /)
})

test("lists end at 10,000 items, and need strictly ascending ids", () => {
  const items = (length: number) => Array.from({ length }, (_, index) => ({ id: index + 1, label: "x" }))
  assert.equal(list.parse(items(10_000), "items").length, 10_000)
  assert.throws(() => list.parse(items(10_001), "items"), refused)
  assert.throws(
    () =>
      list.parse(
        [
          { id: 2, label: "a" },
          { id: 1, label: "b" },
        ],
        "items",
      ),
    /items\[1\]: expected a list sorted/,
  )
  assert.throws(
    () =>
      list.parse(
        [
          { id: 1, label: "a" },
          { id: 1, label: "b" },
        ],
        "items",
      ),
    refused,
  )
  // biome-ignore lint/suspicious/noSparseArray: a hole is what is tested
  assert.throws(() => list.parse([, { id: 1, label: "a" }], "items"), refused)
})

const milliseconds = fc.integer({ min: 0, max: Date.parse("9999-12-31T23:59:59.999Z") })

property("times are read back, and have 24 characters", milliseconds, (time) => {
  const json = codecs.timeField.toJson(time) as string
  assert.equal(json.length, 24)
  assert.equal(codecs.timeField.parse(json, "t"), time)
})

test("years after 9999 and before 1970 are no times", () => {
  for (const time of [Date.parse("9999-12-31T23:59:59.999Z") + 1, -1]) {
    assert.throws(() => codecs.timeField.parse(new Date(time).toISOString(), "t"), refused)
  }
})

property(
  "optional fields are null or what they hold",
  fc.option(fc.uint8Array({ minLength: 8, maxLength: 8 })),
  (value) => {
    const field = codecs.optionalField(codecs.bytesField(8))
    const given = value ?? undefined
    assert.deepEqual(field.parse(JSON.parse(JSON.stringify(field.toJson(given))), "b"), given)
    assert.throws(() => field.parse(undefined, "b"), refused)
  },
)

test("epochs end where a record's 32 bits end", () => {
  assert.equal(codecs.epochField.parse(0xffff_ffff, "e"), 0xffff_ffff)
  for (const epoch of [0, 0x1_0000_0000]) assert.throws(() => codecs.epochField.parse(epoch, "e"), refused)
})
