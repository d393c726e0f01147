/** The editor's file: in memory or not at all, and nothing of it is left. */
import assert from "node:assert/strict"
import {
  existsSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs"
import { dirname, join } from "node:path"
import { test } from "node:test"
import { utf8 } from "@halfkey/core/primitives/bytes"
import { temporaryDirectory } from "../testing/test-context.ts"
import { editPrivately, memoryCandidates, newDirectory, wipeDirectory } from "./private-file.ts"

test("a directory that is not in memory is refused", (context) => {
  const directory = temporaryDirectory(context)
  const onDisk = () => 0xef53
  assert.throws(() => newDirectory([directory, "/nowhere"], onDisk), { code: "missing_configuration" })
  assert.deepEqual(readdirSync(directory), [])
  const type = (path: string) => (path === directory ? 0x01021994 : 0xef53)
  assert.equal(dirname(newDirectory(["/", directory], type)), directory)
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

test("the file is its owner's alone while it is edited, and gone when that fails", {
  skip: !existsSync("/dev/shm"),
}, async () => {
  let path = ""
  const file = { name: "value", content: utf8("before") }
  const after = await editPrivately(["/dev/shm"], file, async (opened) => {
    path = opened
    assert.equal(statSync(path).mode & 0o777, 0o600)
    assert.equal(statSync(dirname(path)).mode & 0o777, 0o700)
    assert.equal(readFileSync(path, "utf8"), "before")
    writeFileSync(path, "after")
  })
  assert.deepEqual(Buffer.from(after).toString(), "after")
  assert.ok(!existsSync(dirname(path)))
  const failing = editPrivately(["/dev/shm"], file, async (opened) => {
    path = opened
    throw new Error("no")
  })
  await assert.rejects(failing, /no/)
  assert.ok(!existsSync(dirname(path)))
})
