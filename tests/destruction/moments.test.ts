/** The moments between an environment's destruction and the end of its keys, one by one: the server is killed in each, and started again. */
import assert from "node:assert/strict"
import { copyFileSync, readFileSync, rmSync } from "node:fs"
import { join } from "node:path"
import { after, before, test } from "node:test"
import { setTimeout as sleep } from "node:timers/promises"
import { Admin, createWorkspace, type NewWorkspace } from "halfkey/admin"
import { Secrets, unwrap } from "halfkey/secrets"
import { RealServer } from "../../sdk/src/testing/real-server.ts"
import { openSqlite } from "../../server/src/store/sqlite/open.ts"

const server = new RealServer()
let workspace: NewWorkspace
const path = (name: string) => join(server.directory, name)

before(async () => {
  await server.start()
  const { setupToken, url: endpoint } = server
  const environments = ["waits", "over", "half", "keeps"]
  workspace = unwrap(await createWorkspace({ endpoint, setupToken, label: "admin", environments, timeoutMs: 30_000 }))
})
after(() => server.stop())

function options() {
  const { recoveryKit: _, ...credentials } = workspace
  return { ...credentials, endpoint: server.url, timeoutMs: 30_000, env: {} }
}

async function asAdmin<T>(work: (admin: Admin) => Promise<T>): Promise<T> {
  const admin = new Admin(options())
  try {
    return await work(admin)
  } finally {
    await admin.close()
  }
}

async function listed(name: string) {
  const found = (await asAdmin(async (admin) => unwrap(await admin.environments.list()))).find(
    (each) => each.name === name,
  )
  assert.ok(found)
  return found
}

/** The server is not running. */
function inDatabase<T>(work: (db: ReturnType<typeof openSqlite>) => T): T {
  const db = openSqlite(path("halfkey.db"))
  try {
    return work(db)
  } finally {
    db.close()
  }
}

function wrappedKey(name: string): Buffer {
  const sql = "select wrapped from authority_keys join keysets on keysets.id = keyset_id where name = ?"
  return inDatabase((db) => (db.prepare(sql).get(name) as { wrapped: Buffer }).wrapped)
}

function bytes(): Buffer {
  return Buffer.concat(["halfkey.db", "halfkey.db-wal"].map((name) => readFileSync(path(name))))
}

/** As if this much time had passed. */
function timeIsOver(name: string): void {
  inDatabase((db) => db.prepare("update keysets set undo_until = 1 where name = ?").run(name))
}

test("killed while it waits: everything is there, and can be undone", async () => {
  await asAdmin(async (admin) => void unwrap(await admin.environments.destroy("waits")))
  const before = await listed("waits")
  await server.kill()
  await server.start()
  assert.deepEqual(await listed("waits"), before)
  assert.ok(bytes().includes(wrappedKey("waits")))
  await asAdmin(async (admin) => void unwrap(await admin.environments.undoDestroy("waits")))
  const secrets = new Secrets({ ...options(), environment: "waits" })
  unwrap(await secrets.set("A", "works"))
  assert.equal(unwrap(await secrets.get("A")), "works")
  await secrets.close()
})

test("killed before its time was over, started after it: the start deletes the keys", async () => {
  await asAdmin(async (admin) => void unwrap(await admin.environments.destroy("over")))
  const wrapped = wrappedKey("over")
  await server.kill()
  timeIsOver("over")
  await server.start()
  while ((await listed("over")).purgedAt === null) await sleep(20)
  assert.ok(!bytes().includes(wrapped))
  assert.ok(bytes().includes(wrappedKey("keeps")), "the search itself works")
})

test("killed after the keys were deleted, before the write-ahead log was emptied: the start empties it", async () => {
  await asAdmin(async (admin) => void unwrap(await admin.environments.destroy("half")))
  const wrapped = wrappedKey("half")
  await server.kill()
  timeIsOver("half")
  const files = ["halfkey.db", "halfkey.db-wal"]
  inDatabase((db) => {
    db.pragma("wal_checkpoint(TRUNCATE)")
    db.pragma("wal_autocheckpoint = 0")
    const id = "(select id from keysets where name = 'half')"
    db.exec(`begin;
      delete from authority_keys where keyset_id = ${id};
      delete from grants where keyset_id = ${id};
      delete from recovery_grants where keyset_id = ${id};
      update keysets set purged_at = 2 where name = 'half';
      commit`)
    // As a crash leaves them: the deletion is in the log alone.
    for (const file of files) copyFileSync(path(file), path(`${file}.crashed`))
  })
  for (const file of files) copyFileSync(path(`${file}.crashed`), path(file))
  for (const file of files) rmSync(path(`${file}.crashed`))
  assert.ok(readFileSync(path("halfkey.db")).includes(wrapped), "the key is still in the file")
  await server.start()
  assert.ok(!bytes().includes(wrapped))
  assert.equal((await listed("half")).purgedAt, "1970-01-01T00:00:00.002Z")
  assert.equal((await listed("waits")).state, "enabled")
})
