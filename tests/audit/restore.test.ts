/** The operator puts an older database in the place of today's: the log is refused until a granter accepts that (S10, S12). */
import assert from "node:assert/strict"
import { cpSync, rmSync } from "node:fs"
import { join } from "node:path"
import { after, test } from "node:test"
import { AuditScene } from "./scene.ts"

const scene = await AuditScene.open()
after(() => scene.close())

const backup = join(scene.folder, "backup")
const verify = () => scene.run(["audit", "verify"])

test("before the restore is accepted, the log has shrunk or is another one", async () => {
  await scene.use(20)
  await scene.server.kill()
  cpSync(scene.dataDirectory, backup, { recursive: true })
  await scene.server.start()
  await scene.use(50)
  assert.equal((await verify()).status, 0)
  await scene.server.kill()
  rmSync(scene.dataDirectory, { recursive: true })
  cpSync(backup, scene.dataDirectory, { recursive: true })
  await scene.server.start()
  const { status, stderr } = await verify()
  assert.equal(status, 7)
  assert.match(stderr, /^halfkey: check "freshness" failed: the log has shrunk: this machine saw \d+ entries on/)
})

test("afterwards it goes on under a new origin, and says what was lost", async () => {
  await scene.ok(["restore", "accept", "-y", "-q"])
  const { status, stderr, stdout } = await verify()
  assert.equal(status, 0, stderr)
  assert.match(stdout.toString(), new RegExp(`\norigin\thalfkey/${scene.workspaceId}/2\nseenBefore\t\n`))
  assert.match(
    stderr,
    /^halfkey: a granter accepted a restore: the log goes on as incarnation 2; \d+ receipts of this machine are of entries that it lost\nhalfkey: the audit log passed every check\n$/,
  )
})

test("from then on every receipt counts again, and nothing goes back", async () => {
  await scene.use(10)
  const { status, stderr, stdout } = await verify()
  assert.equal(status, 0, stderr)
  assert.equal(stderr, "halfkey: the audit log passed every check\n")
  assert.match(stdout.toString(), /\nseenBefore\t\d+ entries on 2\S+Z\n/)
  const { length } = scene.entries()
  scene.replace(scene.entries().slice(0, length - 30), { rebuilt: true })
  const cut = await verify()
  assert.equal(cut.status, 7)
  assert.match(cut.stderr, /^halfkey: check "(?:freshness|entries|receipts)" failed/)
})

test("receipts from after the restore count, however often manifests were signed since", async () => {
  const other = await AuditScene.open()
  after(() => other.close())
  const copy = join(other.folder, "backup")
  await other.use(5)
  await other.server.kill()
  cpSync(other.dataDirectory, copy, { recursive: true })
  await other.server.start()
  await other.use(10)
  assert.equal((await other.run(["audit", "verify"])).status, 0)
  await other.server.kill()
  rmSync(other.dataDirectory, { recursive: true })
  cpSync(copy, other.dataDirectory, { recursive: true })
  await other.server.start()
  await other.ok(["restore", "accept", "-y", "-q"])
  const before = other.entries().length
  await other.use(20)
  const behind = other.entries().length
  // More revisions than are asked for at first; the last has every receipt from before it excused, if it counts.
  for (let times = 0; times < 9; times++) {
    await other.ok(["environments", "disable", "development", "-y", "-q"])
    await other.ok(["environments", "enable", "development", "-q"])
  }
  await other.server.kill()
  const honest = other.entries()
  other.replace([...honest.slice(0, before), ...honest.slice(behind)], { rebuilt: true })
  await other.server.start()
  const { status, stderr } = await other.run(["audit", "verify"])
  assert.equal(status, 7, stderr)
  assert.match(stderr, /^halfkey: check "receipts" failed/)
})
