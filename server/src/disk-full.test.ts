import assert from "node:assert/strict"
import { execFileSync } from "node:child_process"
import { mkdtempSync, rmdirSync, rmSync, statfsSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { after, test } from "node:test"
import Database from "better-sqlite3"
import { apiCall } from "./testing/api-call.ts"
import { auditLog } from "./testing/audit-log.ts"
import { TestServer } from "./testing/test-server.ts"
import { TestWorkspace } from "./testing/test-workspace.ts"

/** A real file system of a few megabytes; `undefined` where this user may not mount one. */
function smallDisk(): string | undefined {
  const path = mkdtempSync(join(tmpdir(), "halfkey-disk-"))
  try {
    execFileSync("/bin/mount", ["-t", "tmpfs", "-o", "size=8m", "tmpfs", path], { stdio: "ignore" })
    return path
  } catch {
    rmdirSync(path)
    return undefined
  }
}

const disk = smallDisk()
after(() => {
  if (disk === undefined) return
  execFileSync("/bin/umount", [disk])
  rmdirSync(disk)
})

test("a full disk is told, changes nothing, and is over when there is room again", {
  skip: disk === undefined && "needs the right to mount a file system",
}, async (context) => {
  if (disk === undefined) return
  const server = await TestServer.start(context, {
    env: { HALFKEY_DATABASE_URL: `sqlite:${join(disk, "halfkey.db")}` },
  })
  const { admin } = await TestWorkspace.create(server, ["production"])
  assert.equal((await admin.set("production", { KEPT: "before" })).status, 200)
  await admin.keyset("production")
  const draft = await admin.sealed("production", { KEPT: "during" })

  const filler = join(disk, "filler")
  fill(filler)
  const refused = []
  // The log has some room of its own left; a read of every kind uses it up, since each is written down.
  for (let attempt = 0; attempt < 2000 && refused.length < 5; attempt++) {
    const answer = await admin.call("GET", "/v1/secrets?environment=production")
    if (answer.status !== 200) refused.push(answer)
  }
  for (const { status, body } of refused) assert.deepEqual([status, body.code], [507, "storage_full"])
  assert.equal(refused.length, 5)
  for (const answer of [
    await admin.call("POST", "/v1/secrets/commit", draft),
    await admin.call("POST", "/v1/secrets/read", { environment: "production", secrets: [{ name: "KEPT" }] }),
    await admin.call("POST", "/v1/secrets/read", { environment: "nowhere" }),
    await admin.requestToken(),
  ]) {
    assert.deepEqual([answer.status, answer.body.code], [507, "storage_full"])
  }
  assert.equal((await apiCall(server.url, { path: "/healthz" })).status, 200)

  rmSync(filler)
  assert.deepEqual(await admin.get("production", "KEPT"), { KEPT: "before" })
  assert.equal((await admin.call("POST", "/v1/secrets/commit", draft)).status, 200)
  assert.deepEqual(await admin.get("production", "KEPT"), { KEPT: "during" })
  assert.deepEqual(server.fatal, [])
  await server.stop()
  const db = new Database(join(disk, "halfkey.db"), { readonly: true })
  assert.equal(db.pragma("integrity_check", { simple: true }), "ok")
  db.close()
  const log = auditLog({ databasePath: join(disk, "halfkey.db") })
  assert.deepEqual(
    log.map(({ seq }) => seq),
    log.map((_, index) => index),
  )
})

function fill(path: string): void {
  const { bavail, bsize } = statfsSync(join(path, ".."))
  try {
    writeFileSync(path, Buffer.alloc(bavail * bsize))
  } catch (error) {
    assert.equal((error as NodeJS.ErrnoException).code, "ENOSPC")
  }
}
