/** What only a terminal shows: hidden prompts, questions, Ctrl-C, newlines and tables. */
import assert from "node:assert/strict"
import { after, before, describe, test } from "node:test"
import { Installation } from "../testing/installation.ts"
import { noTerminal, Terminal } from "../testing/terminal.ts"

describe("at a terminal", { skip: noTerminal }, () => {
  const halfkey = new Installation()
  before(() => halfkey.up())
  after(() => halfkey.dispose())
  const at = (...args: string[]) => new Terminal(args, halfkey.env())
  const get = (name: string) => halfkey.ok(["get", name, "-e", "development"])

  test("a value is asked for and not shown", async () => {
    const terminal = at("set", "TYPED", "-e", "development")
    await terminal.shows("Value of TYPED: ")
    terminal.type("canary-wrog\u{7f}\u{7f}ong\r")
    const { shown, code } = await terminal.end()
    assert.equal(code, 0)
    assert.ok(!shown.includes("canary"), shown)
    assert.match(shown, /\nhalfkey: TYPED is now version 1 in development\n$/)
    assert.equal(await get("TYPED"), "canary-wrong")
  })

  test("several lines can be pasted", async () => {
    const terminal = at("set", "PASTED", "-e", "development")
    await terminal.shows("\u{1b}[?2004h")
    terminal.type("\u{1b}[200~-----BEGIN-----\rabc\r-----END-----\r\u{1b}[201~")
    terminal.type("\r")
    assert.equal((await terminal.end()).code, 0)
    assert.equal(await get("PASTED"), "-----BEGIN-----\nabc\n-----END-----\n")
  })

  test("several lines that the terminal does not mark are refused, and do not reach the shell", async () => {
    const terminal = at("set", "LINES", "-e", "development")
    await terminal.shows("Value of LINES: ")
    terminal.type("line one\rline two\r")
    const { shown, code } = await terminal.end()
    assert.equal(code, 2)
    assert.match(
      shown,
      /halfkey: several lines arrived at once, so the value was not taken\n {2}try: --value-file FILE, or < FILE\n/,
    )
    assert.ok(!shown.includes("line two"))
  })

  test("Ctrl-C in the prompt ends with 130, and nothing is written", async () => {
    const terminal = at("set", "STOPPED", "-e", "development")
    await terminal.shows("Value of STOPPED: ")
    terminal.type("abc\u{3}")
    assert.equal((await terminal.end()).code, 130)
    assert.equal((await halfkey.run(["get", "STOPPED", "-e", "development"])).code, 3)
  })

  test("Enter alone changes nothing", async () => {
    const terminal = at("set", "TYPED", "-e", "development")
    await terminal.shows("Value of TYPED: ")
    terminal.type("\r")
    const { shown, code } = await terminal.end()
    assert.equal(code, 2)
    assert.match(shown, /nothing was entered, so TYPED was not changed\n/)
  })

  test("--no-input asks nothing", async () => {
    const { shown, code } = await at("set", "TYPED", "-e", "development", "--no-input").end()
    assert.equal(code, 2)
    assert.equal(shown, "halfkey: no value was given\n  try: … | halfkey set TYPED, or --value-file FILE\n")
  })

  test("delete takes y for yes, anything else for no, and Ctrl-C for 130", async () => {
    const answers: readonly (readonly [string, number])[] = [
      ["\r", 1],
      ["n\r", 1],
      ["\u{3}", 130],
      ["y\r", 0],
    ]
    for (const [answer, expected] of answers) {
      const terminal = at("delete", "TYPED", "-e", "development")
      await terminal.shows("Delete TYPED from development? [y/N] ")
      terminal.type(answer)
      const { shown, code } = await terminal.end()
      assert.equal(code, expected, shown)
    }
    assert.equal((await halfkey.run(["get", "TYPED", "-e", "development"])).code, 3)
  })

  test("get ends with a newline, list with a heading in bold, both only for people", async () => {
    await halfkey.ok(["set", "SHORT", "-e", "development"], { stdin: "value" })
    assert.equal((await at("get", "SHORT", "-e", "development").end()).shown, "value\n")
    const listed = await at("list", "-e", "development", "--prefix", "SHORT").end()
    const [heading = "", row = ""] = listed.shown.split("\n")
    assert.ok(heading.startsWith("\u{1b}[1mNAME ") && heading.endsWith(" UPDATED\u{1b}[22m"), heading)
    assert.match(row, /^SHORT +1 +\d{4}-.*Z$/)
    assert.match((await at("list", "-e", "development", "--no-color").end()).shown, /^NAME /)
  })

  test("Ctrl-C reaches the program of run once, and run reports its exit code", async () => {
    const script =
      "let count = 0; process.on(`SIGINT`, () => { if (count++ === 0) setTimeout(() => process.exit(40 + count), 300) }); setInterval(() => {}, 1000); console.log(`ready`)"
    const terminal = at("run", "-e", "development", "--", process.execPath, "-e", script)
    await terminal.shows("ready")
    terminal.type("\u{3}")
    assert.equal((await terminal.end()).code, 41)
  })

  test("the program of run has the terminal", async () => {
    const { shown, code } = await at(
      "run",
      "-e",
      "development",
      "--",
      "sh",
      "-c",
      "test -t 0 && test -t 1 && test -t 2 && echo yes",
    ).end()
    assert.deepEqual([shown, code], ["yes\n", 0])
  })
})
