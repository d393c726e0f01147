import assert from "node:assert/strict"
import { chmodSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { test } from "node:test"
import { temporaryDirectory } from "../testing/test-context.ts"
import { ensurePrivateDirectory, readPrivateFile, writePrivateFile } from "./private-files.ts"

const mode = (path: string) => (statSync(path).mode & 0o777).toString(8)

test("directories are 0700, files 0600, whatever the umask", (t) => {
  const umask = process.umask(0)
  t.after(() => process.umask(umask))
  const path = join(temporaryDirectory(t), "config", "profiles", "local.json")
  writePrivateFile(path, "one")
  writePrivateFile(path, "two")
  assert.equal(readPrivateFile(path), "two")
  assert.equal(mode(path), "600")
  assert.equal(mode(join(path, "..")), "700")
  assert.equal(mode(join(path, "../..")), "700")
  assert.deepEqual(readdirSync(join(path, "..")), ["local.json"])
})

test("where no directory can be made, that is said at once", { skip: process.platform !== "linux" }, () => {
  for (const path of ["/proc/none", "/proc/none/deeper", "/dev/null/x"]) {
    assert.throws(() => ensurePrivateDirectory(path), /the directory \S+ cannot be made: (ENOENT|ENOTDIR)$/)
  }
})

test("a file that others may read is refused, with what to type", (t) => {
  const path = join(temporaryDirectory(t), "key")
  writeFileSync(path, "canary")
  for (const bits of [0o640, 0o604, 0o660]) {
    chmodSync(path, bits)
    assert.throws(
      () => readPrivateFile(path),
      (error: Error & { hint?: string }) =>
        error.message.includes("other users of this machine may read") &&
        error.hint?.startsWith(`chmod 600 ${path}`) === true &&
        !error.message.includes("canary"),
    )
  }
})

test("a directory that others may write to is refused, and a failed write changes nothing", (t) => {
  const directory = join(temporaryDirectory(t), "shared")
  mkdirSync(directory)
  chmodSync(directory, 0o777)
  assert.throws(() => writePrivateFile(join(directory, "key"), "x"), { hint: `chmod 700 ${directory}` })
  chmodSync(directory, 0o700)
  writePrivateFile(join(directory, "key"), "old")
  mkdirSync(join(directory, "taken"))
  assert.throws(() => writePrivateFile(join(directory, "taken"), "x"), { code: "invalid_configuration" })
  assert.deepEqual(readdirSync(directory).sort(), ["key", "taken"])
  assert.equal(readFileSync(join(directory, "key"), "utf8"), "old")
})

test("what does not exist is undefined", (t) => {
  assert.equal(readPrivateFile(join(temporaryDirectory(t), "nothing", "here")), undefined)
})
