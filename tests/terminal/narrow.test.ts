/** Every command that shows something, in terminals of 40 and 20 columns: nothing that people copy is cut. */
import assert from "node:assert/strict"
import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { after, before, test } from "node:test"
import { fileURLToPath } from "node:url"
import { Scene } from "./scene.ts"
import { noTmux, Screen } from "./tmux.ts"

const bin = fileURLToPath(new URL("../../cli/bin/halfkey.js", import.meta.url))

let scene: Scene
before(async () => {
  if (noTmux) return
  scene = await Scene.open()
  writeFileSync(join(scene.halfkey.directory, "halfkey"), `#!/bin/sh\nexec '${process.execPath}' '${bin}' "$@"\n`, {
    mode: 0o755,
  })
})
after(() => scene?.close())

const at = (columns: number) =>
  Screen.open(
    columns,
    scene.halfkey.env({ PATH: `${scene.halfkey.directory}:${process.env["PATH"]}` }),
    scene.halfkey.directory,
  )

/** Names, ids, labels and words; not times and counts, which are others the next time. */
const copied = (stdout: string) =>
  stdout
    .split("\n")
    // Of a record the first field is its name in JSON, which a screen calls otherwise.
    .flatMap((line) => (line.split("\t").length === 2 ? line.split("\t").slice(1) : line.split("\t")))
    .flatMap((field) => field.split(","))
    .filter((field) => /^[A-Za-z][\w./:-]{2,}$|^[\da-f]{8}-[\da-f-]{27}$/.test(field))

/** Without a terminal. */
const printed = new Map<string, string>()

for (const columns of [40, 20]) {
  test(`every command that reads, in ${columns} columns`, { skip: noTmux }, async (t) => {
    const reading = (await scene.samples()).filter(
      ({ onlyReads, path, waits }) => onlyReads && waits === undefined && !path.startsWith("audit "),
    )
    const screen = await at(columns)
    t.after(() => screen.close())
    const quoted = (word: string) => `'${word.replaceAll("'", `'\\''`)}'`
    const script = reading.map(
      ({ args }, index) => `halfkey ${args.map(quoted).join(" ")}; echo; echo "@${index} ended with $?"`,
    )
    writeFileSync(join(scene.halfkey.directory, "script"), `${script.join("\n")}\necho all of it\n`)
    await screen.type("sh ./script")
    await screen.press("Enter")
    await screen.until("\nall of it\n")
    const shown = (await screen.shown()).split(/^@\d+ ended with \d+$/m)
    for (const [index, sample] of reading.entries()) {
      const stdout = printed.get(sample.path) ?? (await scene.halfkey.run(sample.args)).stdout
      printed.set(sample.path, stdout)
      const part = shown[index] ?? ""
      for (const field of copied(stdout)) {
        assert.ok(part.includes(field), `halfkey ${sample.args.join(" ")}: ${field} is cut:\n${part}`)
      }
    }
    const seen = await screen.shown("as seen")
    for (const line of seen.split("\n")) assert.ok(line.length <= columns, line)
  })
}

test("questions and progress in 20 columns leave nothing behind, and take what is typed", {
  skip: noTmux,
}, async (t) => {
  const screen = await at(20)
  t.after(() => screen.close())
  const run = async (line: string) => {
    await screen.type(`clear; tmux clear-history; ${line}; echo "ended with $?"`)
    await screen.press("Enter")
  }
  await run("halfkey set DATABASE_URL -e development")
  await screen.until("Value of DATABASE_URL: ")
  await screen.type("canary".repeat(20))
  await screen.press("Enter")
  await screen.until("ended with 0")
  assert.ok(!(await screen.shown()).includes("canary"))
  assert.equal(await scene.halfkey.ok(["get", "DATABASE_URL", "-e", "development"]), "canary".repeat(20))

  await run("halfkey delete OLD_TOKEN -e development")
  await screen.until("Delete OLD_TOKEN from development? [y/N]")
  await screen.type("y")
  await screen.press("Enter")
  await screen.until("ended with 0")

  await run("halfkey rotate -e staging")
  await screen.until("ended with 0")
  const lines = (await screen.shown()).trimEnd().split("\n")
  assert.equal(
    lines.at(-2),
    "halfkey: staging has new keys (epoch 2); 6 versions sealed again, the old keys are destroyed",
  )
  assert.ok(!lines.some((line) => /^staging: |^…|%/.test(line)), lines.join("\n"))
})
