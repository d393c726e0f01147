import assert from "node:assert/strict"
import { test } from "node:test"
import fc from "fast-check"
import { fromUtf8, toHex } from "../primitives/bytes.ts"
import { property } from "../testing/property.ts"
import { canonicalJson, type JsonValue } from "./canonical-json.ts"

const text = (value: JsonValue) => fromUtf8(canonicalJson(value))

test("the sample of RFC 8785, 3.2.2 and 3.2.3, has the bytes that it prints", () => {
  const value = {
    numbers: [333333333.3333333, 1e30, 4.5, 2e-3, 0.000000000000000000000000001],
    string: "\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"/",
    literals: [null, true, false],
  }
  const expected =
    "7b226c69746572616c73223a5b6e756c6c2c747275652c66616c73655d2c226e756d62657273223a5b3333333333333333332e333333333333332c31652b33302c342e352c302e3030322c31652d32375d2c22737472696e67223a22e282ac245c75303030665c6e4127425c225c5c5c5c5c222f227d"
  assert.equal(toHex(canonicalJson(value)), expected)
})

test("names are sorted by UTF-16 code units, as RFC 8785, 3.2.3, asks", () => {
  const names = ["\u20ac", "\r", "\ufb33", "1", "\ud83d\ude00", "\u0080", "\u00f6"]
  const written = text(Object.fromEntries(names.map((name) => [name, null])))
  const order = Object.keys(JSON.parse(written) as object).filter((name) => name !== "1")
  assert.deepEqual(order, ["\r", "\u0080", "\u00f6", "\u20ac", "\ud83d\ude00", "\ufb33"])
  assert.ok(written.startsWith('{"\\r":null,"1":null,'))
})

test("numbers are those of RFC 8785, appendix B", () => {
  const answers: readonly (readonly [bits: string, text: string])[] = [
    ["0000000000000000", "0"],
    ["8000000000000000", "0"],
    ["0000000000000001", "5e-324"],
    ["8000000000000001", "-5e-324"],
    ["7fefffffffffffff", "1.7976931348623157e+308"],
    ["4340000000000000", "9007199254740992"],
    ["4430000000000000", "295147905179352830000"],
    ["44b52d02c7e14af5", "9.999999999999997e+22"],
    ["44b52d02c7e14af6", "1e+23"],
    ["444b1ae4d6e2ef4f", "999999999999999900000"],
    ["444b1ae4d6e2ef50", "1e+21"],
    ["3eb0c6f7a0b5ed8c", "9.999999999999997e-7"],
    ["3eb0c6f7a0b5ed8d", "0.000001"],
    ["41b3de4355555555", "333333333.3333333"],
    ["becbf647612f3696", "-0.0000033333333333333333"],
    ["43143ff3c1cb0959", "1424953923781206.2"],
  ]
  for (const [bits, expected] of answers) {
    assert.equal(text(Buffer.from(bits, "hex").readDoubleBE(0)), expected)
  }
})

/** RFC 8785 once more: characters one by one, members sorted by a comparison of code units written out. */
function independent(value: JsonValue): string {
  if (value === null || typeof value === "boolean") return `${value}`
  if (typeof value === "number") return Object.is(value, -0) ? "0" : `${value}`
  if (typeof value === "string") return `"${[...value].map(escaped).join("")}"`
  if (Array.isArray(value)) return `[${value.map(independent)}]`
  const members = Object.entries(value as Record<string, JsonValue | undefined>).filter(
    ([, member]) => member !== undefined,
  )
  members.sort(([left], [right]) => compareUnits(left, right))
  return `{${members.map(([name, member]) => `${independent(name)}:${independent(member as JsonValue)}`)}}`
}

function compareUnits(left: string, right: string): number {
  for (let i = 0; i < Math.min(left.length, right.length); i++) {
    if (left.charCodeAt(i) !== right.charCodeAt(i)) return left.charCodeAt(i) - right.charCodeAt(i)
  }
  return left.length - right.length
}

function escaped(character: string): string {
  const short = { '"': '\\"', "\\": "\\\\", "\b": "\\b", "\f": "\\f", "\n": "\\n", "\r": "\\r", "\t": "\\t" }[character]
  if (short !== undefined) return short
  return character < " " ? `\\u00${character.charCodeAt(0).toString(16).padStart(2, "0")}` : character
}

const json = fc.jsonValue({ stringUnit: "binary" }) as fc.Arbitrary<JsonValue>

property(
  "the bytes are those of an independent implementation",
  json,
  (value) => assert.equal(text(value), independent(value)),
  500,
)

property("reading the bytes gives the value back, and writing that the same bytes", json, (value) => {
  const again = JSON.parse(text(value)) as JsonValue
  assert.equal(text(again), text(value))
  assert.deepEqual(JSON.parse(JSON.stringify(again)), JSON.parse(JSON.stringify(value)))
})

property("the order in which members were added does not matter", fc.dictionary(fc.string(), fc.integer()), (value) => {
  assert.equal(text(Object.fromEntries(Object.entries(value).reverse())), text(value))
})

test("absent members are left out, and a member may be called __proto__", () => {
  assert.equal(text({ b: undefined, a: 1 }), '{"a":1}')
  assert.equal(text(JSON.parse('{"__proto__":1,"a":{}}') as JsonValue), '{"__proto__":1,"a":{}}')
})

test("what RFC 8785 cannot hold is refused", () => {
  for (const value of [Number.NaN, Number.POSITIVE_INFINITY, "\ud800", { "\udfff": 1 }, ["a\ud800b"]]) {
    assert.throws(() => canonicalJson(value), TypeError)
  }
})
