import assert from "node:assert/strict"
import { chmodSync, chownSync, lchownSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { test } from "node:test"
import { temporaryDirectory } from "../testing/test-context.ts"
import { findHalfkeyFile, parseHalfkeyFile } from "./halfkey-file.ts"

test("the nearest file above counts, and none beyond the repository", (t) => {
  const root = temporaryDirectory(t)
  const deep = join(root, "repository", "a", "b")
  mkdirSync(deep, { recursive: true })
  writeFileSync(join(root, "halfkey.json"), '{ "environment": "outside" }')
  assert.equal(findHalfkeyFile(deep)?.environment, "outside")
  mkdirSync(join(root, "repository", ".git"))
  assert.equal(findHalfkeyFile(deep), undefined)
  writeFileSync(join(root, "repository", "halfkey.json"), '{ "environment": "production", "minimumRevision": 3 }')
  assert.deepEqual(findHalfkeyFile(deep), {
    path: join(root, "repository", "halfkey.json"),
    environment: "production",
    minimumRevision: 3,
  })
})

test("a file is not looked for above the home directory", (t) => {
  const root = temporaryDirectory(t)
  const [home, deep] = [join(root, "home"), join(root, "home", "a", "b")]
  mkdirSync(deep, { recursive: true })
  writeFileSync(join(root, "halfkey.json"), '{ "environment": "outside" }')
  const before = process.env["HOME"]
  process.env["HOME"] = home
  t.after(() => {
    if (before === undefined) delete process.env["HOME"]
    else process.env["HOME"] = before
  })
  assert.equal(findHalfkeyFile(deep), undefined)
  writeFileSync(join(home, "halfkey.json"), '{ "environment": "own" }')
  assert.equal(findHalfkeyFile(deep)?.environment, "own")
})

test("a link to a device, or a file of any length, is told instead of read without end", {
  skip: process.platform === "win32" && "there are no such devices",
}, (t) => {
  const directory = temporaryDirectory(t)
  const path = join(directory, "halfkey.json")
  for (const device of ["/dev/zero", "/dev/null"]) {
    symlinkSync(device, path)
    assert.throws(() => findHalfkeyFile(directory), { code: "invalid_configuration" }, device)
    rmSync(path)
  }
  writeFileSync(path, `{ "environment": "production" }${" ".repeat(1024 * 1024)}`)
  assert.throws(() => findHalfkeyFile(directory), /could not be read: it has more than 1048576 bytes$/)
  rmSync(path)
  mkdirSync(path)
  assert.equal(findHalfkeyFile(directory), undefined)
})

const isRoot = process.getuid?.() === 0

test("a file that another user put into a directory of everybody is left alone", {
  skip: !isRoot && "needs root",
}, (t) => {
  const root = temporaryDirectory(t)
  const deep = join(root, "shared", "own")
  const planted = join(root, "shared", "halfkey.json")
  mkdirSync(deep, { recursive: true })
  writeFileSync(join(root, "halfkey.json"), '{ "environment": "above" }')
  writeFileSync(planted, '{ "environment": "planted" }')
  chownSync(planted, 12_345, 12_345)
  const find = () => {
    const ignored: string[] = []
    return { environment: findHalfkeyFile(deep, (path) => ignored.push(path))?.environment, ignored }
  }
  // A team's directory, in which a group may write.
  chmodSync(join(root, "shared"), 0o775)
  assert.deepEqual(find(), { environment: "planted", ignored: [] })
  chmodSync(join(root, "shared"), 0o1777)
  assert.deepEqual(find(), { environment: "above", ignored: [planted] })
  // A link of theirs to a file of ours chooses for us, too.
  rmSync(planted)
  symlinkSync(join(root, "halfkey.json"), planted)
  lchownSync(planted, 12_345, 12_345)
  assert.deepEqual(find(), { environment: "above", ignored: [planted] })
  chownSync(join(root, "halfkey.json"), 12_345, 12_345)
  assert.equal(find().environment, "above")
})

test("what it must not or cannot hold is refused with a reason", () => {
  const cases: readonly (readonly [string, RegExp])[] = [
    ['{ "clientKey": "hkck_canary" }', /clientKey does not belong into a file that is committed/],
    ['{ "apiKey": "hkak_canary" }', /apiKey does not belong/],
    ['{ "enviroment": "x" }', /unknown field "enviroment"/],
    ['{ "environment": 1 }', /environment must be a text/],
    ['{ "minimumRevision": 0 }', /minimumRevision must be a whole number/],
    ['{ "minimumRevision": { "production": "7" } }', /minimumRevision must hold whole numbers from 1, by environment/],
    ['{ "minimumRevision": [7] }', /minimumRevision must hold whole numbers/],
    ["[]", /it is no JSON object/],
    ["{ canary", /it is no JSON/],
  ]
  for (const [text, reason] of cases) {
    assert.throws(
      () => parseHalfkeyFile(text, "/r/halfkey.json"),
      (error: Error) => reason.test(error.message) && !error.message.includes("canary"),
      text,
    )
  }
})
