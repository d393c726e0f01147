/** Command lines: what they are read as, what help says, and that every example of the help is a command line. */
import assert from "node:assert/strict"
import { test } from "node:test"
import { commandTable } from "./command-table.ts"
import { Told } from "./failure.ts"
import { parseCommandLine } from "./program.ts"
import { exampleWords } from "./testing/example-words.ts"

async function parse(args: readonly string[]) {
  let printed = ""
  let told = ""
  const output = {
    out: (text: string) => {
      printed += text
    },
    err: (text: string) => {
      told += text
    },
  }
  try {
    const { entry, options, globals } = await parseCommandLine(args, output)
    return { path: entry.path, options, globals }
  } catch (error) {
    if (error instanceof Told) return { exit: error.exit, printed, told }
    throw error
  }
}

test("options stand before or behind the command, and the nearer ones win", async () => {
  const behind = await parse(["list", "-e", "staging", "-o", "json", "-q", "--no-input", "--no-color"])
  const globals = { environment: "staging", output: "json", quiet: true, input: false, color: false }
  assert.deepEqual(behind, { path: "list", options: { prefix: undefined }, globals })
  assert.deepEqual(await parse(["-e", "staging", "-o", "json", "-q", "--no-input", "--no-color", "list"]), behind)
  assert.deepEqual(await parse(["-e", "production", "secrets", "-q", "list", "-e", "staging"]), {
    path: "secrets list",
    options: { prefix: undefined },
    globals: { environment: "staging", quiet: true },
  })
})

test("run leaves everything behind the program to the program", async () => {
  const expected = {
    path: "run",
    options: {
      command: ["ls", "-e", "x", "--help"],
      allowedNames: [],
      environments: ["a"],
      only: [],
      except: [],
      prefix: undefined,
      expand: false,
    },
    globals: { environment: "a" },
  }
  assert.deepEqual(await parse(["run", "-e", "a", "ls", "-e", "x", "--help"]), expected)
  assert.deepEqual(await parse(["-e", "a", "run", "--", "ls", "-e", "x", "--help"]), {
    ...expected,
    options: { ...expected.options, environments: [] },
  })
  assert.deepEqual(await parse(["-e", "x", "run", "-e", "b", "-e", "c,a", "ls", "-e", "x", "--help"]), {
    ...expected,
    options: { ...expected.options, environments: ["b", "c", "a"] },
  })
})

test("commands for several environments take -e more than once", async () => {
  const { options, globals } = (await parse(["clients", "create", "x", "-e", "a", "-e", "b,c", "--mode", "read"])) as {
    options: { environments: string[] }
    globals: object
  }
  assert.deepEqual(options.environments, ["a", "b", "c"])
  assert.deepEqual(globals, {})
})

test("wrong command lines end with 2 and say what to type, for run with 125", async () => {
  const cases: readonly (readonly [string, number, RegExp])[] = [
    ["sett A", 2, /^halfkey: unknown command 'sett'\n {2}try: did you mean set\?\n$/],
    ["clients lst", 2, /^halfkey: unknown command 'lst'\n {2}try: did you mean list\?\n$/],
    ["list --foo", 2, /^halfkey: unknown option '--foo'\n {2}try: halfkey list --help\n$/],
    ["export -o json", 2, /^halfkey: unknown option '-o'\n {2}try: --format\n$/],
    ["list --prefx a", 2, /^halfkey: unknown option '--prefx'\n {2}try: did you mean --prefix\?\n$/],
    [
      "list -o xml",
      2,
      /^halfkey: option '-o, --output <format>' argument 'xml' is invalid. Allowed choices are table, json, yaml, tsv\n/,
    ],
    ["list extra", 2, /^halfkey: too many arguments/],
    ["clients grant", 2, /^halfkey: missing required argument 'client-id'\n {2}try: halfkey clients grant --help\n$/],
    ["run --foo -- true", 125, /^halfkey: unknown option '--foo'\n {2}try: halfkey run --help\n$/],
  ]
  for (const [line, exit, told] of cases) {
    const outcome = (await parse(line.split(" "))) as { exit: number; printed: string; told: string }
    assert.equal(outcome.exit, exit, line)
    assert.match(outcome.told, told, line)
    assert.equal(outcome.printed, "")
  }
})

test("help goes to stdout, by any of its spellings", async () => {
  const { exit, printed } = (await parse(["help", "secrets", "set"])) as { exit: number; printed: string }
  assert.equal(exit, 0)
  assert.match(printed, /^Usage: halfkey secrets set \[options\] \[name\]\n/)
  assert.deepEqual(await parse(["secrets", "set", "--help"]), { exit: 0, printed, told: "" })
  const overview = (await parse([])) as { exit: number; printed: string }
  assert.equal(overview.exit, 0)
  for (const { path } of commandTable) assert.ok(overview.printed.includes(path.split(" ")[0] ?? ""), path)
})

for (const { path, load } of commandTable) {
  test(`halfkey ${path} has help, and its examples are command lines of it`, async () => {
    const { definition } = await load()
    const { printed } = (await parse([...path.split(" "), "--help"])) as { printed: string }
    assert.ok(definition.examples.length >= 2)
    assert.match(printed, definition.ownFailureExit === undefined ? /^ {2}130 {4}Ctrl-C$/m : /^ {2}125 {4}\S/m)
    assert.equal(/^ {2}8 {6}differences/m.test(printed), definition.compares === true)
    for (const { does, line } of definition.examples) {
      assert.ok(printed.includes(`  # ${does}\n  ${line}`), line)
      const own = exampleWords(line)
      const parsed = (await parse(own)) as { path?: string; told?: string }
      const shown = path.replace(/^secrets /, "")
      if (parsed.path !== undefined) continue
      assert.fail(`${shown}: ${line}: ${parsed.told}`)
    }
  })
}
