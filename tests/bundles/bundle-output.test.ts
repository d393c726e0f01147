/** What starts is one build as a whole, whatever is built meanwhile. */
import assert from "node:assert/strict"
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join, relative } from "node:path"
import { type TestContext, test } from "node:test"
import { buildWhenNeeded } from "../../tools/bundle-output.mjs"

const root = join(import.meta.dirname, "../..")

function workplace(context: TestContext) {
  const folder = mkdtempSync(join(tmpdir(), "halfkey-bundles-"))
  context.after(() => rmSync(folder, { recursive: true }))
  mkdirSync(join(folder, "src"))
  const dist = join(folder, "dist")
  let builds = 0
  const build = async () => {
    builds++
    const files = ["program.js", "thread.js"]
    return files.map((name) => ({ path: `/anywhere/${name}`, contents: Buffer.from(`${name} of ${builds}`) }))
  }
  const current = () => readFileSync(join(dist, "current"), "utf8")
  return {
    dist,
    source: join(folder, "src/main.ts"),
    current,
    builds: () => builds,
    make: () => buildWhenNeeded({ dist: relative(root, dist), sources: [relative(root, join(folder, "src"))], build }),
    started: () => readdirSync(join(dist, current())).map((name) => readFileSync(join(dist, current(), name), "utf8")),
  }
}

test("a build is made once for its sources, and lies in a folder of its own", async (context) => {
  const { builds, current, dist, make, source, started } = workplace(context)
  writeFileSync(source, "one")
  await make()
  const first = current()
  await make()
  assert.equal(builds(), 1)
  assert.deepEqual(started(), ["program.js of 1", "thread.js of 1"])
  writeFileSync(source, "another")
  await make()
  assert.equal(builds(), 2)
  assert.deepEqual(started(), ["program.js of 2", "thread.js of 2"])
  // For a program that was started before, and loads its thread only now.
  assert.equal(readFileSync(join(dist, first, "thread.js"), "utf8"), "thread.js of 1")
  writeFileSync(`${source.replace("main", "main.test")}`, "tests are no part of it")
  await make()
  assert.equal(builds(), 2)
})

test("a build stays for a day after it was replaced, however long it was the newest", async (context) => {
  const { current, dist, make, source } = workplace(context)
  writeFileSync(source, "1")
  await make()
  const first = current()
  const age = (name: string, days: number) => {
    const then = new Date(Date.now() - days * 24 * 60 * 60 * 1000)
    utimesSync(join(dist, name), then, then)
  }
  age(first, 30)
  writeFileSync(source, "22")
  await make()
  assert.ok(readdirSync(dist).includes(first))
  assert.ok(Date.now() - statSync(join(dist, first)).mtimeMs < 60_000)
  age(first, 2)
  writeFileSync(source, "333")
  await make()
  assert.equal(readdirSync(dist).includes(first), false)
  assert.equal(readdirSync(dist).length, 3)
})

test("several at once leave one build, and nothing half done", async (context) => {
  const { current, dist, make, source, started } = workplace(context)
  writeFileSync(source, "one")
  await Promise.all([make(), make(), make()])
  assert.deepEqual(readdirSync(dist).sort(), [current(), "current"].sort())
  assert.equal(started().length, 2)
})
