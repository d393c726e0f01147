/** The editor's file: in memory or not at all, and nothing of it is left. */
import assert from "node:assert/strict"
import { existsSync, readFileSync, statSync, writeFileSync } from "node:fs"
import { dirname } from "node:path"
import { test } from "node:test"
import { utf8 } from "@halfkey/core/primitives/bytes"
import { editPrivately } from "./private-file.ts"

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
