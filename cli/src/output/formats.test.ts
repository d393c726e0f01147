import assert from "node:assert/strict"
import { test } from "node:test"
import { testContext } from "../testing/test-context.ts"
import { printRecord, printRows, separated } from "./formats.ts"

const columns = [
  { key: "name", title: "NAME" },
  { key: "count", title: "COUNT" },
  { key: "tags", title: "TAGS" },
]
const rows = [
  { name: "long name", count: 1, tags: ["a", "b"], id: "x" },
  { name: "🔑", count: 20, tags: null, id: "y" },
]
const print = async (options: object, stdoutIsTerminal = true) => {
  const { context, stdout } = testContext({ options, stdoutIsTerminal })
  await printRows(context, columns, rows)
  return new TextDecoder().decode(stdout())
}

test("a terminal gets an aligned table, anything else lines with tabs", async () => {
  assert.equal(await print({}), "NAME       COUNT  TAGS\nlong name  1      a,b\n🔑         20\n")
  const plain = "long name\t1\ta,b\n🔑\t20\t\n"
  assert.equal(await print({}, false), plain)
  assert.equal(await print({ plain: true }), plain)
  assert.equal(await print({ output: "tsv" }), `name\tcount\ttags\n${plain}`)
  assert.equal(await print({ output: "table" }, false), await print({}))
})

test("a table that does not fit becomes paragraphs, and nothing of it is cut", async () => {
  const at = async (width: number, layout?: "log") => {
    const { context, stdout } = testContext({ stdoutIsTerminal: true, columns: width })
    await printRows(context, columns, rows, layout)
    return new TextDecoder().decode(stdout())
  }
  const table = await print({})
  assert.equal(await at(22), table)
  const paragraphs = "NAME   long name\nCOUNT  1\nTAGS   a,b\n\nNAME   🔑\nCOUNT  20\n"
  assert.equal(await at(21), paragraphs)
  assert.equal(await at(3), paragraphs)
  assert.equal(await at(3, "log"), table)
})

test("JSON and YAML hold every field with its type", async () => {
  assert.deepEqual(JSON.parse(await print({ output: "json" })), rows)
  assert.match(await print({ output: "yaml" }), /^- name: long name\n {2}count: 1\n {2}tags:\n {4}- a\n/)
})

test("what would end a field or a line becomes an escape", () => {
  assert.equal(separated([["a\tb", "c\nd", "e\\f", "g\rh"]]), "a\\tb\tc\\nd\te\\\\f\tg\\rh\n")
})

test("names from elsewhere cannot move the cursor", async () => {
  const { context, stdout } = testContext({ stdoutIsTerminal: true })
  await printRows(context, columns, [{ name: "\u{1b}[2J\u{202e}", count: 0, tags: [] }])
  assert.equal(new TextDecoder().decode(stdout()).split("\n")[1], "\u{fffd}[2J\u{fffd}  0")
})

test("a record is a field a line", async () => {
  const { context, stdout } = testContext({ stdoutIsTerminal: true })
  await printRecord(context, columns.slice(0, 2), { name: "x", count: 1 })
  assert.equal(new TextDecoder().decode(stdout()), "NAME:   x\nCOUNT:  1\n")
})
