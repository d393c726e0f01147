import assert from "node:assert/strict"
import { readFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { test } from "node:test"
import { fileReason } from "./file-reason.ts"

function reasonOf(path: string): string {
  try {
    readFileSync(path)
  } catch (error) {
    return fileReason(error)
  }
  return "it was read"
}

test("a reason is told in words, with its code behind it", () => {
  assert.equal(reasonOf(join(tmpdir(), "there is no such file")), "no such file (ENOENT)")
  assert.equal(reasonOf(tmpdir()), "it is a directory (EISDIR)")
  assert.equal(fileReason(Object.assign(new Error("x"), { code: "EMFILE" })), "EMFILE")
  assert.equal(fileReason(new Error("x")), "unknown reason")
})
