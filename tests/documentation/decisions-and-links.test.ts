/** Every decision has its own number, and every relative link of a page leads to a file that is there. */
import assert from "node:assert/strict"
import { existsSync, globSync, readFileSync } from "node:fs"
import { dirname, join } from "node:path"
import { test } from "node:test"

const root = join(import.meta.dirname, "../..")
const read = (path: string) => readFileSync(join(root, path), "utf8")

test("a decision's number is its own, in its name and in its title", () => {
  const names = globSync("*.md", { cwd: join(root, "docs/adr") })
  assert.ok(names.length > 25)
  const numbers = names.map((name) => name.slice(0, 4))
  assert.deepEqual(
    numbers.filter((number, index) => numbers.indexOf(number) !== index),
    [],
  )
  for (const name of names) {
    assert.equal(read(`docs/adr/${name}`).match(/^# (\d+)\. /)?.[1], String(Number(name.slice(0, 4))), name)
  }
})

test("relative links lead to files that are there", () => {
  const pages = globSync("{*.md,{docs,spec,bench,cli,sdk,server,core,tests,examples,deploy}/**/*.md}", { cwd: root })
  const ours = pages.filter((path) => !path.includes("node_modules"))
  assert.ok(ours.length > 50)
  const broken = ours.flatMap((page) => {
    const withoutCode = read(page)
      .replaceAll(/^```[\s\S]*?^```$/gm, "")
      .replaceAll(/`[^`\n]*`/g, "")
    return [...withoutCode.matchAll(/\]\((?!https?:|mailto:|#)([^)\s#]+)[^)]*\)/g)]
      .map(([, target = ""]) => target)
      .filter((target) => !existsSync(join(root, dirname(page), decodeURI(target))))
      .map((target) => `${page}: ${target}`)
  })
  assert.deepEqual(broken, [])
})
