/** Backups and restores on a disk without room: told by name, and nothing is left behind or changed. */
import assert from "node:assert/strict"
import { spawnSync } from "node:child_process"
import { copyFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { after, before, test } from "node:test"
import { createWorkspace, unwrap } from "halfkey/admin"
import { Secrets } from "halfkey/secrets"
import { ServerProcess, serverProgram } from "../crash/server-process.ts"
import { requireSound } from "../crash/sound.ts"
import { SmallDisk } from "./small-disk.ts"

const folder = mkdtempSync(join(tmpdir(), "halfkey-full-"))
const data = join(folder, "data")
const file = join(folder, "halfkey.backup")
const skip = SmallDisk.problem !== undefined && `no file system can be mounted here: ${SmallDisk.problem}`
after(() => rmSync(folder, { recursive: true, force: true }))

function command(directory: string, ...words: readonly string[]) {
  const env = { HALFKEY_DATA_DIR: directory, HALFKEY_ROOT_KEY_FILE: join(data, "root.key") }
  return spawnSync(process.execPath, [serverProgram, ...words], { env, encoding: "utf8" })
}

before(async () => {
  const server = new ServerProcess(data)
  const endpoint = await server.start()
  const setupToken = readFileSync(join(data, "setup-token"), "utf8").trim()
  const made = unwrap(await createWorkspace({ endpoint, setupToken, label: "admin", timeoutMs: 60_000 }))
  const { recoveryKit: _, ...credentials } = made
  const secrets = new Secrets({ endpoint, ...credentials, environment: "production" })
  unwrap(await secrets.setMany(Object.fromEntries([..."ABCDEFGH"].map((name) => [name, "x".repeat(50_000)]))))
  await secrets.close()
  await server.signal("SIGTERM")
  assert.equal(command(data, "backup", file).status, 0)
})

test("a backup to a full disk is not there", { skip }, () => {
  const disk = SmallDisk.make(400)
  try {
    const to = disk.directory("backups")
    const { status, stderr } = command(data, "backup", join(to, "halfkey.backup"))
    assert.equal(status, 6, stderr)
    assert.match(stderr, /^halfkey-server: there is no room for .*halfkey\.backup\n {2}hint: free some space/)
    assert.deepEqual(readdirSync(to), [])
  } finally {
    disk.remove()
  }
})

test("a restore to a full disk leaves the database that is there", { skip }, async () => {
  const disk = SmallDisk.make(4000)
  try {
    const directory = disk.directory("data")
    copyFileSync(join(data, "halfkey.db"), join(directory, "halfkey.db"))
    const before = readFileSync(join(directory, "halfkey.db"))
    disk.fill()
    const { status, stderr } = command(directory, "restore", file, "--replace")
    assert.equal(status, 6, stderr)
    assert.deepEqual(readFileSync(join(directory, "halfkey.db")), before)
    assert.deepEqual(
      readdirSync(directory).filter((name) => name.includes("partial") || name.includes("replaced")),
      [],
    )
    disk.free()
    assert.equal(command(directory, "restore", file, "--replace").status, 0)
    assert.ok(statSync(join(directory, "halfkey.db")).size > 400_000)
    await requireSound(data)
  } finally {
    disk.remove()
  }
})
