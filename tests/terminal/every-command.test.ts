/**
 * Exactly what commands print, and how they end: stdout, stderr and exit code of each, first as its help shows it and then with -y
 * where that is asked for. `every-command.console` holds it; with HALFKEY_WRITE_EXPECTED=1 this test writes it anew, for a review
 * of the difference. A command that is not in it has a script test of its own, or this fails.
 */
import assert from "node:assert/strict"
import { globSync, readFileSync, writeFileSync } from "node:fs"
import { hostname } from "node:os"
import { join } from "node:path"
import { test } from "node:test"
import { commandTable } from "../../cli/src/command-table.ts"
import type { Outcome } from "../../cli/src/testing/installation.ts"
import { Scene } from "./scene.ts"

const expectedPath = join(import.meta.dirname, "every-command.console")
const commands = join(import.meta.dirname, "../../cli/src/commands")

/** Script tests of their own: what they say depends on the machine, or they have a life of their own. */
const elsewhere =
  /^(run|watch|up|init|login|logout|recover|doctor|whoami|version|config .*|edit|reconcile|restore accept|completion|inject)$/

/** Whatever is another at each run. Ids may end in a hyphen, so no word ends behind them. */
function steady(text: string, scene: Scene, keyIds: Set<string>): string {
  for (const [, id = ""] of text.matchAll(/hkak_([a-z2-7]{16})_/g)) keyIds.add(id)
  const fixed: readonly (readonly [string, string])[] = [
    [scene.endpoint, "<endpoint>"],
    [scene.halfkey.directory, "<directory>"],
    // With the word before it: a short name of a machine is part of a random id now and then.
    [` on ${hostname().slice(0, 60)}`, " on <host>"],
    ...[...keyIds].map((id) => [id, "<key id>"] as const),
  ]
  const patterns: readonly (readonly [RegExp, string])[] = [
    [/crn:local\.self:[A-Z2-7]{26}/g, "<crn>"],
    [/[\da-f]{8}-[\da-f]{4}-[\da-f]{4}-[\da-f]{4}-[\da-f]{12}/g, "<client id>"],
    [/\d{4}-\d\d-\d\dT[\d:.]+Z/g, "<time>"],
    [/([\da-f]{4} ){7}[\da-f]{4}/g, "<fingerprint>"],
    [/(?<![\w-])[\w-]{43}(?![\w-])/g, "<hash>"],
    [/(?<![\w-])[A-Z2-7]{26}(?![\w-])/g, "<workspace id>"],
    [/\d+(?= entries)|(?<=^(entries|receipts)\t)\d+|(?<=entry )\d+/gm, "<count>"],
    // Columns are as wide as the name of the machine.
    [/ {2,}(?=\S)(?!try:)/g, "  "],
  ]
  const keyless = text.replaceAll(/hk(ck|ak|rk|st)_[\w-]+/g, "<key>")
  const replaced = fixed.reduce((so, [from, to]) => so.replaceAll(from, to), keyless)
  return patterns.reduce((so, [from, to]) => so.replaceAll(from, to), replaced)
}

/** Members are listed in the order of their ids, which are random. */
function sorted(lines: readonly string[]): readonly string[] {
  const result: string[] = []
  let group: string[] = []
  for (const line of [...lines, ""]) {
    if (/^( {2}(?!try:)|.*\t).*<client id>/.test(line)) group.push(line)
    else {
      result.push(...group.sort(), line)
      group = []
    }
  }
  return result.slice(0, -1)
}

function rows(
  args: readonly string[],
  { code, signal, stderr, stdout }: Outcome,
  change: (text: string) => string,
): string {
  const marked = (mark: string, text: string) => {
    if (text === "") return []
    const lines = change(text).split("\n")
    const isEnded = lines.at(-1) === ""
    const own = sorted(isEnded ? lines.slice(0, -1) : lines).map((line) => `${mark} ${line}`.trimEnd())
    return isEnded ? own : [...own, `${mark}\\ no line end`]
  }
  const command = `$ halfkey ${change(args.map((word) => (/\s/.test(word) ? `'${word}'` : word)).join(" "))}`
  return [command, ...marked("|", stdout), ...marked("!", stderr), `= ${code ?? signal}`, ""].join("\n")
}

test("every command prints exactly what is written down", async () => {
  const scene = await Scene.open()
  try {
    const keyIds = new Set([scene.apiKeyId, (scene.halfkey.profile()["apiKey"] ?? "").split("_")[1] ?? ""])
    const found: string[] = []
    const run = async (args: readonly string[]) => {
      const outcome = await scene.halfkey.run(args)
      found.push(rows(args, outcome, (text) => steady(text, scene, keyIds)))
      return outcome
    }
    for (const { args, path } of await scene.samples()) {
      if (elsewhere.test(path)) continue
      // Of everything that has been done so far, the one thing that is the same each time.
      const { stderr } = await run(path === "audit list" ? [...args, "--action", "workspace.create"] : args)
      if (stderr.includes("  try: the same with -y")) await run([...args, "-y"])
    }
    const text = found.join("\n")
    if (process.env["HALFKEY_WRITE_EXPECTED"]) writeFileSync(expectedPath, text)
    const written = readFileSync(expectedPath, "utf8").split("\n\n")
    for (const [index, block] of text.split("\n\n").entries()) assert.equal(block, written[index])
    assert.equal(found.length, written.length)
  } finally {
    await scene.close()
  }
})

test("each command is in it, or in a script test that runs it", () => {
  const written = readFileSync(expectedPath, "utf8")
  const scripts = globSync("*.test.ts", { cwd: commands }).map((file) => readFileSync(join(commands, file), "utf8"))
  for (const { path } of commandTable) {
    const words = path.split(" ").map((word) => `"${word}"`)
    const isRun = (text: string) => new RegExp(`[[(]\\s*${words.join(",\\s*")}`).test(text)
    const isShown = written.includes(`$ halfkey ${path}\n`) || written.includes(`$ halfkey ${path} `)
    assert.ok(isShown || scripts.some(isRun), `halfkey ${path} has no script test: see the head of this file`)
  }
})
