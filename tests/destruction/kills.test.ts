/** The server is killed somewhere between an environment's destruction and the end of its keys: the next start finishes it. */
import assert from "node:assert/strict"
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { after, before, test } from "node:test"
import { setTimeout as sleep } from "node:timers/promises"
import { Admin, createWorkspace, type NewWorkspace } from "halfkey/admin"
import { unwrap } from "halfkey/secrets"
import { RealServer } from "../../sdk/src/testing/real-server.ts"
import { openSqlite } from "../../server/src/store/sqlite/open.ts"

const kills = 12
const server = new RealServer({ HALFKEY_DESTROY_AFTER_DAYS: "0" })
let workspace: NewWorkspace

before(async () => {
  await server.start()
  workspace = unwrap(
    await createWorkspace({
      endpoint: server.url,
      setupToken: server.setupToken,
      label: "admin",
      environments: ["keeps"],
    }),
  )
})
after(() => server.stop())

async function asAdmin<T>(work: (admin: Admin) => Promise<T>): Promise<T> {
  const { recoveryKit: _, ...credentials } = workspace
  const admin = new Admin({ ...credentials, endpoint: server.url, timeoutMs: 10_000, env: {} })
  try {
    return await work(admin)
  } finally {
    await admin.close()
  }
}

function wrappedKeys(name: string): Buffer[] {
  const db = openSqlite(join(server.directory, "halfkey.db"))
  try {
    const sql = "select wrapped from authority_keys join keysets on keysets.id = keyset_id where name = ?"
    return (db.prepare(sql).all(name) as { wrapped: Buffer }[]).map(({ wrapped }) => wrapped)
  } finally {
    db.close()
  }
}

/** Keys without a mark, or a mark with keys, would be half a purge. */
function halves(): unknown[] {
  const db = openSqlite(join(server.directory, "halfkey.db"))
  try {
    return db
      .prepare(
        `select name from keysets k where (purged_at is null) <> exists (select 1 from authority_keys where keyset_id = k.id)
           or (purged_at is null) <> exists (select 1 from grants where keyset_id = k.id)
           or (purged_at is null) <> exists (select 1 from recovery_grants where keyset_id = k.id)`,
      )
      .all()
  } finally {
    db.close()
  }
}

async function untilPurged(name: string): Promise<void> {
  await asAdmin(async (admin) => {
    for (;;) {
      const listed = unwrap(await admin.environments.list()).find((each) => each.name === name)
      if (listed?.purgedAt) return
      // The kill came before the destruction was durable, and nobody was told that it was.
      if (listed?.state === "enabled") unwrap(await admin.environments.destroy(name))
      await sleep(10)
    }
  })
}

for (let kill = 0; kill < kills; kill++) {
  test(`kill -9 number ${kill + 1} leaves all of the keys or none, and the next start none`, async () => {
    const name = `preview-${kill}`
    await asAdmin(async (admin) => void unwrap(await admin.environments.create(name)))
    const [wrapped] = wrappedKeys(name)
    assert.ok(wrapped)
    let told = false
    await asAdmin(async (admin) => {
      unwrap(await admin.environments.list())
      const destroying = admin.environments.destroy(name).then(({ data }) => {
        told = data?.state === "destroyed"
      })
      await sleep(kill * 3)
      await server.kill()
      assert.deepEqual(halves(), [])
      await server.start()
      await destroying
    })
    if (told) {
      const state = await asAdmin(async (admin) => unwrap(await admin.environments.list()))
      assert.equal(state.find((each) => each.name === name)?.state, "destroyed")
    }
    await untilPurged(name)
    assert.deepEqual(halves(), [])
    const files = ["halfkey.db", "halfkey.db-wal"].map((file) => readFileSync(join(server.directory, file)))
    assert.ok(!Buffer.concat(files).includes(wrapped))
    const [kept] = wrappedKeys("keeps")
    assert.ok(kept && Buffer.concat(files).includes(kept), "the search itself works")
  })
}
