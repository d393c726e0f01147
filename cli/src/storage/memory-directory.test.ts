/** Directories in memory, and nothing of what was in them is left. */
import assert from "node:assert/strict"
import { existsSync, linkSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs"
import { basename, dirname, join } from "node:path"
import { test } from "node:test"
import { temporaryDirectory } from "../testing/test-context.ts"
import { isInMemory, memoryCandidates, newDirectory, wipeDirectory } from "./memory-directory.ts"

const purpose = { prefix: "halfkey-test-", what: "the test's file", otherwise: "something else" }

test("a directory that is not in memory is refused", (context) => {
  const directory = temporaryDirectory(context)
  const onDisk = () => 0xef53
  assert.throws(() => newDirectory([directory, "/nowhere"], purpose, onDisk), {
    code: "missing_configuration",
    message: "there is no directory in memory (tmpfs) for the test's file",
    hint: "something else, or XDG_RUNTIME_DIR with a directory on a tmpfs",
  })
  assert.deepEqual(readdirSync(directory), [])
  const type = (path: string) => (path === directory ? 0x01021994 : 0xef53)
  const made = newDirectory(["/", directory], purpose, type)
  assert.equal(dirname(made), directory)
  assert.match(basename(made), /^halfkey-test-/)
  assert.ok(isInMemory(directory, type) && !isInMemory("/", type) && !isInMemory("/no/such"))
  assert.deepEqual(memoryCandidates({ XDG_RUNTIME_DIR: "/run/user/7" }), ["/run/user/7", "/dev/shm"])
  assert.deepEqual(memoryCandidates({ XDG_RUNTIME_DIR: "" }), ["/dev/shm"])
})

test("what is wiped is overwritten first, beside it too, and links are not followed", (context) => {
  const outer = temporaryDirectory(context)
  const directory = join(outer, "edit")
  mkdirSync(join(directory, "deep"), { recursive: true })
  // Another name for the same bytes shows what became of them.
  for (const path of ["value", ".value.swp", "deep/copy"]) {
    writeFileSync(join(directory, path), "canary")
    linkSync(join(directory, path), join(outer, path.replace("/", "-")))
  }
  writeFileSync(join(outer, "elsewhere"), "kept")
  symlinkSync(join(outer, "elsewhere"), join(directory, "link"))
  wipeDirectory(directory)
  assert.ok(!existsSync(directory))
  for (const path of ["value", ".value.swp", "deep-copy"])
    assert.equal(readFileSync(join(outer, path), "latin1"), "\0\0\0\0\0\0")
  assert.equal(readFileSync(join(outer, "elsewhere"), "utf8"), "kept")
})
