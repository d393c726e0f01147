import assert from "node:assert/strict"
import { test } from "node:test"
import { readYaml } from "./yaml-reader.ts"

test("scalars are what they look like, whatever a reader of YAML makes of them", async () => {
  const { entries, problems } = await readYaml(
    `# comment\nA: 1.10\nB: yes\nC: 0x10\nD: "a\\nb"\nE: 'it''s'\nF: |\n  one\n  two\nno: 2001-01-01\nG: ""\npay/stripe.key: x # y\nH: !!str 7\n`,
  )
  assert.deepEqual(problems, [])
  assert.deepEqual(
    entries.map(({ line, name, value }) => [name, value, line]),
    [
      ["A", "1.10", 2],
      ["B", "yes", 3],
      ["C", "0x10", 4],
      ["D", "a\nb", 5],
      ["E", "it's", 6],
      ["F", "one\ntwo\n", 7],
      ["no", "2001-01-01", 10],
      ["G", "", 11],
      ["pay/stripe.key", "x", 12],
      ["H", "7", 13],
    ],
  )
  assert.deepEqual(await readYaml("# nothing\n"), { entries: [], problems: [], warnings: [] })
})

test("what is no text is a problem, all of it at once", async () => {
  const { problems } = await readYaml(
    "A: &x 1\nB: *x\nC: [1]\nD:\n  E: 1\nF:\nG: null\nH: ~\nI: !!binary aGVsbG8=\n? [1]\n: 2\n",
  )
  assert.deepEqual(problems, [
    { line: 2, text: "the value of B is no text, but a list, a mapping or the like" },
    { line: 3, text: "the value of C is no text, but a list, a mapping or the like" },
    { line: 4, text: "the value of D is no text, but a list, a mapping or the like" },
    { line: 6, text: 'the value of F is null: write "" for the empty text' },
    { line: 7, text: 'the value of G is null: write "" for the empty text' },
    { line: 8, text: 'the value of H is null: write "" for the empty text' },
    { line: 9, text: "the value of I is no text, but a list, a mapping or the like" },
    { line: 10, text: "a name is no text" },
  ])
})

test("what is no YAML mapping is refused with the line, and without a word of it", async () => {
  assert.deepEqual((await readYaml('A: 1\nB: "secret\n')).problems[0], { line: 3, text: "this is no YAML" })
  assert.deepEqual((await readYaml("A: 1\n---\nB: 2\n")).problems, [
    { line: 2, text: "a second document begins: only one is read" },
  ])
  const problem = { line: 1, text: "not a mapping of names and values, such as NAME: value" }
  for (const text of ["- secret\n", "secret\n"]) assert.deepEqual((await readYaml(text)).problems, [problem])
})
