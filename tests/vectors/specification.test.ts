import assert from "node:assert/strict"
import { globSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { test } from "node:test"
import { labelRows } from "./specification.ts"

const root = join(import.meta.dirname, "../..")

test("the labels that core uses are those of the specification's table", () => {
  const used = new Set<string>()
  for (const path of globSync("core/src/**/*.ts", { cwd: root })) {
    if (path.endsWith(".test.ts")) continue
    const text = readFileSync(join(root, path), "utf8")
    for (const [, label] of text.matchAll(/\b(?:pae|documentFormat|listField)\(\s*"([^"]+)"/g))
      used.add(label as string)
    const derivations = /type DerivationLabel =([\s\S]*?)\n\n/.exec(text)?.[1] ?? ""
    for (const [, label] of derivations.matchAll(/"([^"]+)"/g)) used.add(label as string)
  }
  assert.deepEqual([...used].sort(), [...labelRows.keys()].sort())
})

test("nobody but core makes a pae: a label used elsewhere could be used twice", () => {
  for (const path of globSync("{sdk,server,cli,dashboard}/src/**/*.{ts,tsx}", { cwd: root })) {
    const text = readFileSync(join(root, path), "utf8")
    assert.ok(!/formats\/pae["']/.test(text), path)
  }
})
