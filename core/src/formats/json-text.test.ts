import assert from "node:assert/strict"
import { test } from "node:test"
import fc from "fast-check"
import { property } from "../testing/property.ts"
import { jsonText } from "./json-text.ts"

const keys = fc.oneof(fc.string(), fc.constantFrom("__proto__", "toString", "constructor"))
const json = fc.jsonValue({ noUnicodeString: false, maxDepth: 6 } as fc.JsonSharedConstraints)

property(
  "what JSON can hold comes back as it was",
  fc.oneof(json, fc.dictionary(keys, json, { noNullPrototype: true })),
  (value) => {
    assert.deepStrictEqual(JSON.parse(jsonText(value)), value)
  },
)

test("what JSON.stringify would change is kept", () => {
  assert.ok(Object.is(JSON.parse(jsonText(-0)), -0))
  assert.equal(JSON.parse(jsonText("\ud800")), "\ud800")
  assert.equal(jsonText({ b: [1e21, true, null], a: { "2": 0 } }), '{"b":[1e+21,true,null],"a":{"2":0}}')
  const odd = JSON.parse('{"__proto__":{"x":1}}')
  assert.deepStrictEqual(JSON.parse(jsonText(odd)), odd)
})

test("what would not come back is refused", () => {
  const itself: unknown[] = []
  itself.push(itself)
  class Point {
    x = 1
  }
  const refused = [
    undefined,
    Number.NaN,
    Number.POSITIVE_INFINITY,
    1n,
    Symbol("x"),
    () => 1,
    new Date(0),
    new Map(),
    new Point(),
    new Uint8Array(2),
    { a: undefined },
    [undefined],
    new Array(2),
    Object.assign([1], { named: 1 }),
    { [Symbol("x")]: 1 },
    { toJSON: () => 1 },
    itself,
  ]
  for (const value of refused) assert.throws(() => jsonText(value), RangeError)
})
