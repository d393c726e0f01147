/** What `bin/halfkey.js` keeps of the compiled code of `run`: it makes the next start quicker, and nothing else. */
import assert from "node:assert/strict"
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { after, before, test } from "node:test"
import { Installation } from "./testing/installation.ts"

const halfkey = new Installation()
const cache = mkdtempSync(join(tmpdir(), "halfkey-kept-code-"))
const kept = join(cache, "halfkey", "code")

before(async () => {
  await halfkey.up()
  await halfkey.ok(["set", "A", "-e", "development", "-q"], { stdin: "one" })
})
after(() => {
  rmSync(cache, { recursive: true })
  return halfkey.dispose()
})

async function run(): Promise<void> {
  const env = { XDG_CACHE_HOME: cache }
  const done = await halfkey.run(["run", "-e", "development", "--", "sh", "-c", 'echo "$A"'], { env })
  assert.deepEqual(done, { code: 0, signal: null, stdout: "one\n", stderr: "" })
}

const files = () => readdirSync(kept).map((name) => join(kept, name))
const written = () => files().map((path) => statSync(path).mtimeMs)

test("a run keeps its code privately, and the next one takes it as it is", async () => {
  await run()
  assert.equal(files().length, 2)
  for (const path of files()) assert.equal(statSync(path).mode & 0o777, 0o600)
  assert.equal(statSync(kept).mode & 0o777, 0o700)
  const before = written()
  await run()
  assert.deepEqual(written(), before)
})

test("code that is damaged, or that others could have written, is not used but made anew", async () => {
  const [path = ""] = files().filter((name) => name.includes("run-quickly"))
  const damages = [
    () => {
      const bytes = readFileSync(path)
      bytes.fill(0x5a, 100_000, 100_100)
      writeFileSync(path, bytes)
    },
    () => writeFileSync(path, readFileSync(path).subarray(0, 70_001)),
    () => writeFileSync(path, ""),
    () => writeFileSync(path, new Uint8Array(300_000)),
    () => chmodSync(path, 0o666),
  ]
  for (const damage of damages) {
    damage()
    utimesSync(path, 1, 1)
    await run()
    assert.ok(statSync(path).mtimeMs > 1000)
    assert.equal(statSync(path).mode & 0o777, 0o600)
  }
})

test("code of builds from long ago is removed", async () => {
  const [path = ""] = files()
  const old = join(kept, "of-long-ago")
  writeFileSync(old, "x")
  utimesSync(old, 1, 1)
  rmSync(path)
  await run()
  assert.equal(files().includes(old), false)
  assert.equal(files().length, 2)
})

test("where nothing can be kept, everything runs as well", async () => {
  rmSync(cache, { recursive: true })
  writeFileSync(cache, "a file in the place of the folder")
  await run()
})
