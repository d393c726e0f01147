import assert from "node:assert/strict"
import { chmodSync, mkdirSync, mkdtempSync, rmSync, statSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { type TestContext, test } from "node:test"
import { HalfkeyError } from "@halfkey/core/formats/errors"
import { judgeDirectory, prepareDataDirectory } from "./data-directory.ts"

const own = { uid: 1000, groups: new Set([1000, 2000]) }

function folder(context: TestContext): string {
  const path = mkdtempSync(join(tmpdir(), "halfkey-data-"))
  context.after(() => rmSync(path, { recursive: true }))
  return path
}

test("nobody else may write to it, but for the group of a Kubernetes volume", () => {
  const verdicts: readonly [uid: number, gid: number, mode: number, verdict: "private" | "shared" | RegExp][] = [
    [1000, 1000, 0o700, "private"],
    [1000, 1000, 0o755, "private"],
    [0, 0, 0o755, "private"],
    [0, 2000, 0o2775, "shared"],
    [1000, 2000, 0o2770, "shared"],
    [1000, 2000, 0o770, /^its group, number 2000, may write to it$/],
    [0, 3000, 0o2775, /^its group, number 3000/],
    [1000, 1000, 0o707, /^every user of this machine/],
    [0, 2000, 0o2777, /^every user of this machine/],
    [0, 0, 0o1777, /^every user of this machine/],
    [1001, 1000, 0o700, /^it belongs to another user, number 1001$/],
  ]
  for (const [uid, gid, mode, verdict] of verdicts) {
    const { isShared, problem } = judgeDirectory({ uid, gid, mode }, own)
    if (verdict instanceof RegExp) assert.match(problem ?? "none", verdict)
    else assert.deepEqual([isShared, problem], [verdict === "shared", undefined], mode.toString(8))
  }
  assert.equal(judgeDirectory({ uid: 1001, gid: 1, mode: 0o700 }, { uid: 0, groups: new Set() }).problem, undefined)
})

test("a missing directory is made private, with all above it", (context) => {
  const path = join(folder(context), "one", "two", "three")
  assert.equal(prepareDataDirectory(path, false), undefined)
  for (const each of [path, join(path, ".."), join(path, "../..")]) assert.equal(statSync(each).mode & 0o777, 0o700)
  assert.equal(prepareDataDirectory(path, false), undefined)
})

test("a shared one needs to be allowed, and is told; one for everybody is never taken", (context) => {
  const path = join(folder(context), "data")
  mkdirSync(path)
  const refused = (allowShared: boolean, message: RegExp, hint: RegExp) =>
    assert.throws(
      () => prepareDataDirectory(path, allowShared),
      (error) =>
        error instanceof HalfkeyError &&
        error.code === "invalid_configuration" &&
        message.test(error.message) &&
        hint.test(error.hint ?? ""),
    )
  chmodSync(path, 0o770)
  refused(
    false,
    /data is not safe: its group, number \d+, may write to it$/,
    /^chmod 700 .*data, or HALFKEY_ALLOW_SHARED_DATA_DIR=1/,
  )
  assert.match(prepareDataDirectory(path, true) ?? "", /data may be written by its group$/)
  chmodSync(path, 0o2770)
  assert.match(prepareDataDirectory(path, false) ?? "", /data may be written by its group$/)
  for (const mode of [0o777, 0o1777, 0o2777, 0o702]) {
    chmodSync(path, mode)
    for (const allowed of [false, true])
      refused(allowed, /every user of this machine may write to it$/, /^chmod 700 .*data, and chown/)
  }
})

test("where nothing can be made, that is said at once", { skip: process.platform !== "linux" }, () => {
  for (const path of ["/proc/none", "/proc/none/deeper", "/dev/null/x"]) {
    assert.throws(() => prepareDataDirectory(path, false), /cannot be made \((ENOENT|ENOTDIR)\)$/)
  }
})
