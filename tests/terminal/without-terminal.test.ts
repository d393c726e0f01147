/** Every command where there is no terminal: nobody is asked, nothing waits for an answer, and nothing is coloured. */
import assert from "node:assert/strict"
import { once } from "node:events"
import { after, before, test } from "node:test"
import { requireDecent, requireHint } from "./decency.ts"
import { Scene } from "./scene.ts"

let scene: Scene
before(async () => {
  scene = await Scene.open()
})
after(() => scene.close())

/** As machines set them whose logs are shown in colour. */
const colourful = { FORCE_COLOR: "3", CLICOLOR_FORCE: "1", COLORTERM: "truecolor", TERM: "xterm-256color" }

test("every command ends, asks nobody and says which option to give", async () => {
  for (const sample of await scene.samples()) {
    if (sample.waits !== undefined) continue
    const outcome = await scene.halfkey.run(sample.args, { shell: "exec <&-", env: colourful })
    requireDecent(sample, outcome)
    if (outcome.code === 2) requireHint(sample, outcome)
  }
})

test("what waits for somebody else says so, and ends by a signal", async () => {
  const waiting = (await scene.samples()).filter(({ waits }) => waits !== undefined)
  assert.notEqual(waiting.length, 0)
  for (const { args, waits } of waiting) {
    const child = scene.halfkey.spawn(args, colourful)
    let stderr = ""
    const closed = once(child, "close")
    for await (const text of child.stderr.setEncoding("utf8")) {
      stderr += text
      if (waits?.test(stderr)) child.kill("SIGINT")
    }
    const [code, signal] = await closed
    assert.ok(code === 130 || signal === "SIGINT", `halfkey ${args.join(" ")}: ${code ?? signal}\n${stderr}`)
    assert.ok(!stderr.includes("\u{1b}"), stderr)
    assert.doesNotMatch(stderr, /^\s+at /m)
  }
})
