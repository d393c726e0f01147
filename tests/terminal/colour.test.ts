/** Every command at a terminal that wants no colour, or knows none. */
import assert from "node:assert/strict"
import { after, before, test } from "node:test"
import { noTerminal, Terminal } from "../../cli/src/testing/terminal.ts"
import { Scene } from "./scene.ts"

let scene: Scene
before(async () => {
  if (!noTerminal) scene = await Scene.open()
})
after(() => scene?.close())

const esc = "\u{1b}"

for (const [what, env, isAllowed] of [
  // Progress still clears its line, and a paste is still marked.
  [
    "NO_COLOR",
    { NO_COLOR: "1" },
    (shown: string) =>
      !["[2K", "[?2004h", "[?2004l"].reduce((text, code) => text.replaceAll(`${esc}${code}`, ""), shown).includes(esc),
  ],
  ["TERM=dumb", { TERM: "dumb" }, (shown: string) => !shown.includes(esc)],
] as const) {
  test(`${what}: no colour at a terminal either`, { skip: noTerminal }, async () => {
    for (const { args, onlyReads, waits } of await scene.samples()) {
      // What is refused is told by the same few lines of code.
      if (waits !== undefined || (what === "NO_COLOR" && !onlyReads)) continue
      const terminal = new Terminal(
        ["--no-input", ...args],
        scene.halfkey.env({ ...env, EDITOR: "true" }),
        scene.halfkey.directory,
      )
      const { shown } = await terminal.end()
      assert.ok(isAllowed(shown), `halfkey ${args.join(" ")}: ${JSON.stringify(shown)}`)
    }
    const asking = new Terminal(["set", "ASKED", "-e", "development"], scene.halfkey.env(env))
    await asking.shows("Value of ASKED: ")
    asking.type("canary\r")
    const { code, shown } = await asking.end()
    assert.ok(isAllowed(shown) && !shown.includes("canary"), JSON.stringify(shown))
    assert.equal(code, 0)
  })
}

test("without either, a heading is bold: the test above sees what it looks for", { skip: noTerminal }, async () => {
  const { shown } = await new Terminal(["list", "-e", "production"], scene.halfkey.env()).end()
  assert.ok(shown.startsWith(`${esc}[1mNAME`), JSON.stringify(shown))
})
