import assert from "node:assert/strict"
import { globSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { test } from "node:test"
import { isProblemCode, problemCodes } from "@halfkey/core/formats/problem-codes"
import { errorsPage, errorsPath, exitMeanings } from "../tools/generate-errors.ts"

const root = join(import.meta.dirname, "..")

test("docs/errors.md is what tools/generate-errors.ts writes", () => {
  assert.ok(readFileSync(errorsPath, "utf8") === errorsPage(), "run node tools/generate-errors.ts")
})

test("every exit code of the table has a meaning, and those of the product page are all there", () => {
  for (const { exit } of Object.values(problemCodes)) assert.ok(exit in exitMeanings)
  assert.deepEqual(Object.keys(exitMeanings), ["0", "1", "2", "3", "4", "5", "6", "7", "8"])
})

test("every error that a source makes has a code of the table", () => {
  const made = new Set<string>()
  for (const path of globSync("{core,sdk,server,cli}/src/**/*.ts", { cwd: root })) {
    if (path.endsWith(".test.ts")) continue
    const text = readFileSync(join(root, path), "utf8")
    for (const [, code] of text.matchAll(/new (?:HalfkeyError|SecretsError)\(\s*"([^"]*)"/g)) made.add(code as string)
  }
  assert.ok(made.size > 10)
  for (const code of made) assert.ok(isProblemCode(code), code)
})
