import assert from "node:assert/strict"
import { test } from "node:test"
import { testContext } from "../testing/test-context.ts"
import { ProgressLine } from "./progress.ts"

const clear = "\r\u{1b}[2K"

test("progress writes over one line, and takes it away", () => {
  const { context, stderr, stdout } = testContext({ stderrIsTerminal: true })
  const progress = new ProgressLine(context)
  progress.show("production: sealed again", 0, 1200)
  progress.show("production: sealed again", 1199, 1200)
  progress.end()
  progress.end()
  const lines = ["0 of 1,200 (0 %)", "1,199 of 1,200 (99 %)"].map((text) => `${clear}production: sealed again ${text}`)
  assert.equal(stderr(), `${lines.join("")}${clear}`)
  assert.equal(stdout().length, 0)
})

test("in a narrow terminal the line is cut, so that it can be cleared", () => {
  const { context, stderr } = testContext({ stderrIsTerminal: true, columns: 20 })
  new ProgressLine(context).show("production: sealed again", 5, 10)
  assert.equal(stderr(), `${clear}…ain 5 of 10 (50 %)`)
})

test("no terminal, -q, or nothing to do: no progress", () => {
  for (const world of [{}, { stderrIsTerminal: true, options: { quiet: true } }]) {
    const { context, stderr } = testContext(world)
    const progress = new ProgressLine(context)
    progress.show("x", 1, 2)
    progress.end()
    assert.equal(stderr(), "")
  }
  const { context, stderr } = testContext({ stderrIsTerminal: true })
  new ProgressLine(context).show("x", 0, 0)
  assert.equal(stderr(), "")
})
