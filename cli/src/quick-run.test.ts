import assert from "node:assert/strict"
import { test } from "node:test"
import fc from "fast-check"
import { parseCommandLine } from "./program.ts"
import { readQuickRun } from "./quick-run.ts"

const silent = { out: () => {}, err: () => {} }

const usual = [
  "run -- true",
  "run -e development -- node app.js",
  "run --environment staging -q -- sh -c echo -e x",
  "run --profile work --endpoint https://x.example -- true",
  "run --allow-name PATH --allow-name LD_PRELOAD,IFS -e a -- env",
  "run -e a -- true -- --",
  "run --quiet -- -e",
]

test("both parsers read the usual form alike", async () => {
  for (const line of usual) {
    const args = line.split(" ")
    const quick = readQuickRun(args)
    assert.ok(quick !== undefined, line)
    const { options, globals } = await parseCommandLine(args, silent)
    assert.deepEqual(quick.options, options, line)
    assert.deepEqual(quick.globals, globals, line)
  }
})

test("where no program is named, nothing is asked for early", () => {
  for (const command of [[], [""], ["", "x"]])
    assert.equal(readQuickRun(["run", "-e", "a", "--", ...command]), undefined)
})

test("every other form goes to the parser", () => {
  const others = [
    "",
    "run",
    "run --",
    "run -e a true",
    "run -ea -- true",
    "run --environment=a -- true",
    "run -e -- true",
    "run --help -- true",
    "run -x -- true",
    "run -e a",
    "set -- true",
    "-e a run -- true",
    "run -e a -e b -- true",
    "run -e a,b -- true",
    "run -e a --only A -- true",
    "run --expand -- true",
  ]
  for (const line of others) assert.equal(readQuickRun(line.split(" ")), undefined, line)
})

test("whatever the quick way reads, the parser reads alike", async () => {
  const words = fc.constantFrom(
    "-e",
    "--environment",
    "--profile",
    "-q",
    "--quiet",
    "--allow-name",
    "--",
    "a",
    "b,c",
    "true",
    "--endpoint",
    "-y",
    "--only",
    "--prefix",
    "--expand",
    ",",
    "",
  )
  await fc.assert(
    fc.asyncProperty(fc.array(words, { maxLength: 8 }), async (rest) => {
      const args = ["run", ...rest]
      const quick = readQuickRun(args)
      if (quick === undefined) return
      const { options, globals } = await parseCommandLine(args, silent)
      assert.deepEqual({ options, globals }, quick)
    }),
    { numRuns: 300 },
  )
})
