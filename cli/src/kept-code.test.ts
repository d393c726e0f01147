/** What `bin/halfkey.js` keeps of the compiled code of `run`: it makes the next start quicker, and nothing else. */
import assert from "node:assert/strict"
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { after, before, test } from "node:test"
import { fileURLToPath } from "node:url"
import { Script } from "node:vm"
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

/** What somebody who knows the build can make: V8 compares no more of the source than its length. */
function foreignCode(): Uint8Array {
  const bundles = new URL("../dist/", import.meta.url)
  const build = readFileSync(new URL("current", bundles), "utf8")
  const filename = fileURLToPath(new URL(`${build}/halfkey-run.cjs`, bundles))
  const head = "(function (exports, require, module, __filename) {"
  const { length } = `${head}${readFileSync(filename, "utf8")}\n})`
  const source = `${head}require("node:fs").writeSync(1, "foreign\\n");process.exit(0)//`
  const code = new Script(`${source.padEnd(length - 3, "x")}\n})`, { filename }).createCachedData()
  return Buffer.concat([code, code])
}

/** Puts foreign code into the place of what was kept in `at`. */
function plant(at: string): string {
  const name = readdirSync(kept).find((each) => each.includes("halfkey-run")) ?? ""
  const code = join(at, "halfkey", "code")
  mkdirSync(code, { recursive: true, mode: 0o755 })
  writeFileSync(join(code, name), foreignCode(), { mode: 0o644 })
  return code
}

test("code that a repository brings, or a link of somebody else's leads to, does not run, wherever the cache is", async () => {
  const cwd = mkdtempSync(join(tmpdir(), "halfkey-planted-"))
  const argv = ["run", "-e", "development", "--", "echo", "own"]
  const runs = async (XDG_CACHE_HOME: string) =>
    (await halfkey.run(argv, { cwd, env: { XDG_CACHE_HOME, HOME: cwd } })).stdout
  try {
    const planted = plant(join(cwd, ".cache"))
    // It would run where it could be trusted.
    chmodSync(planted, 0o700)
    for (const name of readdirSync(planted)) chmodSync(join(planted, name), 0o600)
    assert.equal(await runs(join(cwd, ".cache")), "foreign\n")
    chmodSync(planted, 0o755)
    for (const place of [".cache", join(cwd, ".cache"), ""]) assert.equal(await runs(place), "own\n", place)
    for (const name of readdirSync(planted)) chmodSync(join(planted, name), 0o644)
    chmodSync(planted, 0o700)
    assert.equal(await runs(join(cwd, ".cache")), "own\n")
    // With a folder of everybody's, whose owner chose where it leads.
    const shared = join(cwd, "shared")
    mkdirSync(join(shared, "halfkey"), { recursive: true })
    plant(join(cwd, ".cache"))
    symlinkSync(planted, join(shared, "halfkey", "code"))
    assert.equal(await runs(shared), "own\n")
  } finally {
    rmSync(cwd, { recursive: true })
  }
})

test("nothing that a link leads to is written or removed", async () => {
  const shared = mkdtempSync(join(tmpdir(), "halfkey-shared-"))
  const documents = join(shared, "documents")
  try {
    mkdirSync(documents)
    writeFileSync(join(documents, "of-long-ago"), "x")
    utimesSync(join(documents, "of-long-ago"), 1, 1)
    mkdirSync(join(shared, "halfkey"))
    for (const name of ["code", "modules"]) symlinkSync(documents, join(shared, "halfkey", name))
    const env = { XDG_CACHE_HOME: shared }
    await halfkey.ok(["run", "-e", "development", "--", "true"], { env })
    await halfkey.ok(["version"], { env })
    assert.deepEqual(readdirSync(documents), ["of-long-ago"])
  } finally {
    rmSync(shared, { recursive: true })
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
