/** Old entries in files of the operator: the log stays provable without them, and with them. */
import assert from "node:assert/strict"
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { after, test } from "node:test"
import { halfkeyServer } from "../crash/commands.ts"
import { AuditScene } from "./scene.ts"

const scene = await AuditScene.open()
after(() => scene.close())

const directory = join(scene.folder, "archive")

test("what was seen before is proved without the archived entries, and again with their file", async () => {
  mkdirSync(directory, { mode: 0o700 })
  await scene.use(600)
  const before = JSON.parse(await scene.ok(["audit", "verify", "-o", "json", "-q"]))
  const { status, stderr } = await halfkeyServer(
    ["audit", "archive", "--before", new Date(Date.now() + 1000).toISOString(), "--to", directory],
    { cwd: scene.folder, env: { HALFKEY_DATA_DIR: scene.dataDirectory } },
  )
  assert.equal(status, 0, stderr)
  const without = await scene.run(["audit", "verify"])
  assert.equal(without.status, 0, without.stderr)
  assert.match(
    without.stderr,
    /halfkey: entries 0 to 511 are in archive files: they belong to the tree, but were not read \(--archive FILE reads them\)\n/,
  )
  assert.match(without.stdout.toString(), new RegExp(`\nseenBefore\t${before.entries} entries on`))
  const required = await scene.run(["audit", "verify", "--require-archives"])
  assert.deepEqual(
    [required.status, required.stdout.toString(), required.stderr],
    [
      7,
      "",
      "halfkey: entries 0 to 511 are in archive files and were not read; everything behind them passed\n  try: --archive FILE for each of them, in order   (halfkey-server audit archive made them)\n",
    ],
  )
  const files = readdirSync(directory)
    .sort()
    .flatMap((name) => ["--archive", join(directory, name)])
  assert.equal((await scene.run(["audit", "verify", "--require-archives", ...files])).status, 0)
  const withFiles = await scene.run(["audit", "verify", ...files])
  assert.equal(withFiles.status, 0, withFiles.stderr)
  assert.equal(withFiles.stderr, "halfkey: the audit log passed every check\n")
})

test("a file that was changed is no archive of this log", async () => {
  const [name = ""] = readdirSync(directory)
  const path = join(directory, name)
  const whole = readFileSync(path, "utf8")
  writeFileSync(path, whole.replace("secret.read", "secret.list"))
  const edited = await scene.run(["audit", "verify", "--archive", path])
  assert.equal(edited.status, 7)
  assert.match(edited.stderr, /^halfkey: check "(?:entries|freshness)" failed/)
  writeFileSync(path, whole.split("\n").slice(3).join("\n"))
  const cut = await scene.run(["audit", "verify", "--archive", path])
  assert.match(
    cut.stderr,
    /^halfkey: check "entries" failed: entries 0 to 2 are missing: the log begins with entry 3\n/,
  )
})
