import assert from "node:assert/strict"
import { test } from "node:test"
import { readJson } from "./json-reader.ts"

test("values are taken as they are written", () => {
  const { entries, problems } = readJson(
    '{\n  "A": "1",\n\t"B": 1.10, "C": 12345678901234567890,\n\n  "D": true,\n  "E\\u0041": "\\ud83d\\udd11 \\"{[,:]}\\" \\\\"\n}\n',
  )
  assert.deepEqual(problems, [])
  assert.deepEqual(
    entries.map(({ line, name, value }) => [name, value, line]),
    [
      ["A", "1", 2],
      ["B", "1.10", 3],
      ["C", "12345678901234567890", 3],
      ["D", "true", 5],
      ["EA", '🔑 "{[,:]}" \\', 6],
    ],
  )
  assert.deepEqual(readJson("{}"), { entries: [], problems: [], warnings: [] })
})

test("members that occur twice are both there, for whoever looks for them", () => {
  assert.deepEqual(
    readJson('{"A": "1",\n"A": "2"}').entries.map(({ line, value }) => [value, line]),
    [
      ["1", 1],
      ["2", 2],
    ],
  )
})

test("null, lists and objects are problems, all of them at once", () => {
  const { entries, problems } = readJson('{\n"A": null,\n"B": [1, {"x": "y"}],\n"C": "c",\n"D": {"deep":\n {"E": 1}}}')
  assert.deepEqual(problems, [
    { line: 2, text: 'the value of A is null: write "" for the empty text' },
    { line: 3, text: "the value of B is no text, but a list or an object" },
    { line: 5, text: "the value of D is no text, but a list or an object" },
  ])
  assert.deepEqual(
    entries.map(({ name }) => name),
    ["C"],
  )
})

test("what is no JSON object is refused with the line, and without a word of it", () => {
  for (const [text, line] of [
    ['{\n"A": "1",\n"B": secret\n}', 3],
    ['{\n"A": "1"\n"B": "secret"}', 3],
    ['{"A": "sec\nret"}', 1],
    ['{"A":\n"secret"', 2],
    ['{"A": "1"}\n\nsecret', 3],
    ["A=secret", 1],
    ["", 1],
  ] as const) {
    assert.deepEqual(readJson(text).problems, [{ line, text: "this is no JSON" }], text)
  }
  for (const text of ['["secret"]', '"secret"', "7"]) {
    const problem = { line: 1, text: 'not an object of names and values, such as {"NAME": "value"}' }
    assert.deepEqual(readJson(text).problems, [problem], text)
  }
})
