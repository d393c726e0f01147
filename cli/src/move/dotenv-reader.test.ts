import assert from "node:assert/strict"
import { createHash } from "node:crypto"
import { test } from "node:test"
import { readDotenv } from "./dotenv-reader.ts"
import { generatedDotenv } from "./testing/generated-dotenv.ts"

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

test("5,000 generated files are read as dotenv 18.0.10 reads them", () => {
  // SHA-256 of what `dotenv.parse` of that package gave for each 500 files, recorded with the same generator.
  const recorded = [
    "e1f70636df8a387f0b7c27c2df32191d",
    "c8e012adb1d78103bc51e192f1d895a0",
    "22916f43576eb95a54fec9aef4f38161",
    "7be542ba0f5123e3d64627ed1c8ee594",
    "2cf202a780dd932a658c8691a551baac",
    "1a81da826be5e33b86d7deb00177d89d",
    "64508a2826202e8f3d33f240fd222f2b",
    "f5d84f76549044e0d144a7f29b453a61",
    "706acf5a95a85718329183461f94e9c1",
    "5e0d658727e2c757fd4246636e500ec0",
  ]
  for (const [block, expected] of recorded.entries()) {
    const hash = createHash("sha256")
    for (let seed = block * 500; seed < (block + 1) * 500; seed++) {
      // As an object, where the last of a name wins, as in the package.
      const values = Object.fromEntries(
        readDotenv(generatedDotenv(seed)).entries.map(({ name, value }) => [name, value]),
      )
      hash.update(`${JSON.stringify(Object.entries(values))}\n`)
    }
    assert.equal(hash.digest("hex").slice(0, 32), expected, `files ${block * 500} to ${block * 500 + 499}`)
  }
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
