import assert from "node:assert/strict"
import { test } from "node:test"
import fc from "fast-check"
import { readDotenv } from "./dotenv-reader.ts"
import { dotenvFile, parseAsDotenv } from "./testing/generated-dotenv.ts"

function valuesOf(text: string): Record<string, string> {
  const { entries, problems } = readDotenv(text)
  assert.deepEqual(problems, [])
  return Object.fromEntries(entries.map(({ name, value }) => [name, value]))
}

test("the rules of dotenv's documentation", () => {
  const cases: readonly (readonly [string, Record<string, string>])[] = [
    ["BASIC=basic", { BASIC: "basic" }],
    ["\n\nA=1\n\n  \nB=2\n", { A: "1", B: "2" }],
    ["# comment\nA=1 # comment\n  # B=2", { A: "1" }],
    [`A="with # hash"\nB='# x' # y`, { A: "with # hash", B: "# x" }],
    ["EMPTY=\nQUOTED=''\nNEXT=1", { EMPTY: "", QUOTED: "", NEXT: "1" }],
    ['JSON={"foo": "bar"}', { JSON: '{"foo": "bar"}' }],
    ["A=  some value  ", { A: "some value" }],
    [`A='quoted'\nB="  kept  "\nC='  kept  '`, { A: "quoted", B: "  kept  ", C: "  kept  " }],
    [`A="new\\nline"\nB='new\\nline'\nC=new\\nline`, { A: "new\nline", B: "new\\nline", C: "new\\nline" }],
    ["A=`both 'single' and \"double\"`", { A: `both 'single' and "double"` }],
    ['A="one\ntwo\r\nthree"\nB=1', { A: "one\ntwo\nthree", B: "1" }],
    ["export A=1\n  export\tB = 2\nC: 3", { A: "1", B: "2", C: "3" }],
    [`A=it's $HOME \${X}`, { A: `it's $HOME \${X}` }],
    ["a.b-c=1", { "a.b-c": "1" }],
  ]
  for (const [text, expected] of cases) assert.deepEqual(valuesOf(text), expected, text)
})

test("20,000 generated files are read as the package dotenv reads them, in the same order", () => {
  let assignments = 0
  fc.assert(
    fc.property(dotenvFile, (text) => {
      // As an object, where the last of a name wins, as in the package.
      const values = Object.fromEntries(readDotenv(text).entries.map(({ name, value }) => [name, value]))
      const theirs = Object.entries(parseAsDotenv(text))
      assert.deepEqual(Object.entries(values), theirs)
      assignments += theirs.length
    }),
    { numRuns: 20_000, seed: 18 },
  )
  assert.ok(assignments > 20_000, `only ${assignments} assignments`)
})

test("what dotenv passes over in silence is a problem, with its line", () => {
  const { problems } = readDotenv(`A=1\nno assignment\n# comment\nB="open\n\nC='it'\\''s'\n=x\nD=1`)
  assert.deepEqual(problems, [
    { line: 2, text: "not understood: NAME=value was expected" },
    { line: 4, text: "the value of B opens a quote, which does not close at its end" },
    { line: 6, text: "the value of C opens a quote, which does not close at its end" },
    { line: 7, text: "not understood: NAME=value was expected" },
  ])
})

test("a value that ends before # is told, unless it was meant", () => {
  const { warnings } = readDotenv("A=pass#word\nB=value # comment\nC='a#b' # c\nD=#fff\nE= # comment\nF=1")
  assert.deepEqual(warnings, [
    { line: 1, text: "the value of A ends before #: quote it if # belongs to it" },
    { line: 4, text: "the value of D ends before #: quote it if # belongs to it" },
  ])
})

test("lines are counted through values of several lines", () => {
  const { entries } = readDotenv('\n\nA="1\n2\n3"\r\n\r\n  B=4\n')
  assert.deepEqual(
    entries.map(({ line, name }) => [name, line]),
    [
      ["A", 3],
      ["B", 7],
    ],
  )
})
