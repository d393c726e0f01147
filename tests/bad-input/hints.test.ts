/** What errors and notes tell people to type: it must be a command that there is. */
import assert from "node:assert/strict"
import { globSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { test } from "node:test"
import { commandTable } from "../../cli/src/command-table.ts"

const root = join(import.meta.dirname, "../..")
const paths = commandTable.map(({ path }) => path)
const firstWords = new Set(paths.map((path) => path.split(" ")[0] ?? ""))
const nouns = new Set(paths.filter((path) => path.includes(" ")).map((path) => path.split(" ")[0] ?? ""))
/** Words that follow the name of the program in sentences about it. */
const prose = new Set(["help", "server", "stays", "stopped"])

/** Texts between quotes or backticks, without comments and imports. */
function textsOf(source: string): string[] {
  const code = source.replaceAll(/\/\*.*?\*\//gs, "").replaceAll(/^\s*\/\/.*$/gm, "")
  return code.match(/"(?:[^"\\\n]|\\.)*"|`(?:[^`\\]|\\.)*`|'(?:[^'\\\n]|\\.)*'/g) ?? []
}

/** A text that begins with the command, or has it in quotes of its own or behind "run". */
const mentioned = /(?:^["'`]|[`\\]|\b(?:run|try|then|by|with):? |, )halfkey ([a-z][a-z-]*)(?: ([a-z][a-z-]+)\b)?/g

test("every command that a message names exists", () => {
  const sources = globSync("{core,sdk,cli,server}/src/**/*.ts", { cwd: root }).filter(
    (path) => !/\.test\.ts$|\/testing\//.test(path),
  )
  let count = 0
  const unknown: string[] = []
  for (const path of sources) {
    for (const text of textsOf(readFileSync(join(root, path), "utf8"))) {
      for (const [, first = "", second] of text.matchAll(mentioned)) {
        if (prose.has(first)) continue
        count++
        const isKnown = nouns.has(first)
          ? second === undefined || paths.includes(`${first} ${second}`)
          : firstWords.has(first)
        if (!isKnown) unknown.push(`${path}: halfkey ${first} ${second ?? ""}`)
      }
    }
  }
  assert.deepEqual(unknown, [])
  assert.ok(count > 30, `only ${count} were found`)
})
