/** What happens to writes when PostgreSQL, or somebody else on it, is in the way. */
import assert from "node:assert/strict"
import { chmodSync, chownSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { after, before, describe, test } from "node:test"
import pg from "pg"
import type { Store } from "../../domain/store.ts"
import { certificate, certificateKey } from "../../testing/certificate.ts"
import { postgresSettings } from "../../testing/postgres-settings.ts"
import { noPostgres, TestPostgres } from "../../testing/test-postgres.ts"
import { guard, workspaceId, workspaceInput } from "../../testing/workspace-database.ts"
import { openPostgresStore } from "../postgres.ts"
import type { PostgresSettings } from "./pool.ts"

const log = { warn: () => {}, info: () => {} }
const unavailable = { name: "HalfkeyError", code: "unavailable" }

describe("PostgreSQL in the way", { skip: noPostgres }, () => {
  let postgres: TestPostgres
  before(async () => {
    postgres = await TestPostgres.start(["max_connections=30"])
  })
  after(() => postgres.remove())

  async function open(
    context: { after(close: () => Promise<void>): void },
    changes: Partial<PostgresSettings> = {},
  ): Promise<{ store: Store; url: string }> {
    const url = await postgres.createDatabase()
    const store = await openPostgresStore({ settings: postgresSettings(url, changes), log })
    context.after(() => store.close())
    await store.replaceSetupToken({ hash: workspaceInput.setupTokenHash, createdAt: 1 })
    await store.createWorkspace(guard().audit, workspaceInput)
    return { store, url }
  }

  /** Holds what `text` locks, until the returned function is called. */
  async function hold(url: string, text: string): Promise<() => Promise<void>> {
    const client = new pg.Client({ connectionString: url })
    await client.connect()
    await client.query("begin")
    await client.query(text)
    return async () => {
      await client.query("rollback")
      await client.end()
    }
  }

  async function numbersOf(url: string): Promise<number[]> {
    return (await postgres.query(url, "select seq from audit_entries order by seq")).map(({ seq }) => Number(seq))
  }

  test("a lock that is held too long fails what waits for it, and nothing else", async (context) => {
    const { store, url } = await open(context, { statementTimeoutMs: 300 })
    const release = await hold(url, "select 1 from workspaces for update")
    await assert.rejects(store.appendAudit(guard()), unavailable)
    assert.equal((await store.workspace(workspaceId))?.generation, 1, "reads go on")
    await release()
    await store.appendAudit(guard())
    assert.deepEqual(await numbersOf(url), [0, 1])
  })

  test("a deadlock is tried again until it is over", async (context) => {
    const { store, url } = await open(context)
    const other = new pg.Client({ connectionString: url })
    await other.connect()
    await other.query("set deadlock_timeout = '1h'; begin; update clients set label = label")
    // It has the workspace and waits for the client; the other one has the client and wants the workspace.
    const revoking = store.revokeClient(guard(), { clientId: workspaceInput.client.id, revokedAt: 5 })
    const blocked =
      "select 1 from pg_stat_activity where wait_event_type = 'Lock' and application_name like 'halfkey-server %'"
    while ((await postgres.query(url, blocked)).length === 0);
    const crossing = other.query("update workspaces set crn = crn")
    await crossing
    await other.query("commit")
    await other.end()
    await revoking
    assert.equal((await store.client(workspaceId, workspaceInput.client.id))?.revokedAt, 5)
    assert.deepEqual(await numbersOf(url), [0, 1])
  })

  test("connections that are ended lose nothing that was acknowledged", async (context) => {
    const { store, url } = await open(context)
    let isOver = false
    let acknowledged = 0
    const writing = Array.from({ length: 8 }, async () => {
      while (!isOver) {
        try {
          await store.appendAudit(guard())
          acknowledged++
        } catch (error) {
          assert.equal((error as { code?: string }).code, "unavailable", String(error))
        }
      }
    })
    const end =
      "select pg_terminate_backend(pid) from pg_stat_activity where application_name like 'halfkey-server %' and datname = current_database()"
    for (let round = 0; round < 20; round++) {
      const before = acknowledged
      await postgres.query(url, end)
      while (acknowledged === before) await new Promise((resolve) => setTimeout(resolve, 5))
    }
    isOver = true
    await Promise.all(writing)
    const numbers = await numbersOf(url)
    assert.ok(numbers.length > acknowledged, `${numbers.length} entries, ${acknowledged} acknowledged`)
    assert.deepEqual(
      numbers,
      numbers.map((_, index) => index),
    )
  })

  test("where there is no connection to be had, a request is told so, and the next one goes on", async (context) => {
    const { store, url } = await open(context, { poolSize: 4 })
    await postgres.query(url, "select 1")
    await store.appendAudit(guard())
    const clients: pg.Client[] = []
    const end = "select pg_terminate_backend(pid) from pg_stat_activity where application_name like 'halfkey-server %'"
    await postgres.query(url, end)
    for (;;) {
      const client = new pg.Client({ connectionString: url })
      client.on("error", () => {})
      try {
        await client.connect()
      } catch {
        break
      }
      clients.push(client)
    }
    await assert.rejects(store.appendAudit(guard()), unavailable)
    for (const client of clients) await client.end()
    await store.appendAudit(guard())
  })

  test("a server's certificate is checked as sslmode says", async (context) => {
    const own = await TestPostgres.start()
    context.after(() => own.remove())
    const url = await own.createDatabase()
    const [cert, key] = [join(own.folder, "data/server.crt"), join(own.folder, "data/server.key")]
    writeFileSync(cert, certificate)
    writeFileSync(key, certificateKey)
    chmodSync(key, 0o600)
    if (process.getuid?.() === 0) for (const path of [cert, key]) chownSync(path, 65_534, 65_534)
    await own.query(url, "alter system set ssl = on")
    await own.stop()
    await own.startAgain()
    const open = async (changes: Partial<PostgresSettings>) => {
      const store = await openPostgresStore({ settings: postgresSettings(url, { startTimeoutMs: 0, ...changes }), log })
      await store.ping()
      await store.close()
    }
    await open({ tls: { ca: certificate, host: "127.0.0.1" } })
    await open({ tls: { rejectUnauthorized: false, checkServerIdentity: () => undefined } })
    const used = await own.query(url, "select count(*) from pg_stat_ssl where ssl")
    assert.ok(used.length === 1)
    const refused = (why: RegExp) => (error: Error & { code?: string }) => {
      assert.equal(error.code, "invalid_configuration", error.message)
      assert.match(error.message, why)
      return true
    }
    await assert.rejects(open({ tls: { host: "127.0.0.1" } }), refused(/signed by nobody that is trusted/))
    const elsewhere = { ca: certificate, host: "db.example.com", servername: "db.example.com" }
    await assert.rejects(open({ tls: elsewhere }), refused(/certificate is for another host/))
  })

  test("a password is taken from its file at each connection, and is in no failure", async (context) => {
    const own = await TestPostgres.start()
    context.after(() => own.remove())
    const url = await own.createDatabase()
    await own.query(url, "create user guarded password 'right one'")
    await own.query(url, "alter database test_1 owner to guarded")
    const rules = join(own.folder, "data/pg_hba.conf")
    writeFileSync(rules, "host all guarded 127.0.0.1/32 scram-sha-256\nhost all halfkey 127.0.0.1/32 trust\n")
    await own.query(url, "select pg_reload_conf()")
    let password = "wrong one"
    const settings = postgresSettings(url, { user: "guarded", password: () => password })
    const open = () => openPostgresStore({ settings, log })
    for (;;) {
      // The rules are read in the background.
      const error = await open().then(
        (store) => store.close(),
        (thrown: Error & { code?: string; hint?: string }) => thrown,
      )
      if (error === undefined) continue
      assert.equal(error.code, "invalid_configuration")
      assert.match(error.message, /does not take the password/)
      assert.ok(![error.message, error.hint, error.stack, String(error.cause)].join().includes("wrong one"))
      break
    }
    password = "right one"
    const store = await open()
    await store.ping()
    await store.close()
  })

  test("a start waits for its database, and no longer than it should", async (context) => {
    const url = await postgres.createDatabase()
    const nobody = postgresSettings(url, { port: 1, startTimeoutMs: 0 })
    await assert.rejects(openPostgresStore({ settings: nobody, log }), unavailable)
    await postgres.stop()
    const told: string[] = []
    const note = (_: object, message: string) => void told.push(message)
    const opening = openPostgresStore({
      settings: postgresSettings(url, { startTimeoutMs: 60_000 }),
      log: { warn: note, info: note },
    })
    while (told.length === 0) await new Promise((resolve) => setTimeout(resolve, 5))
    await postgres.startAgain()
    const store = await opening
    context.after(() => store.close())
    assert.deepEqual(told, ["waiting for the database", "the database is there"])
    await store.ping()
  })

  test("a database that is somebody else's, too new, or may lose what it confirmed, is refused", async () => {
    const settings = (url: string) => postgresSettings(url)
    const open = (url: string) => openPostgresStore({ settings: settings(url), log })
    const foreign = await postgres.createDatabase()
    await postgres.query(foreign, "create table theirs (id int)")
    await assert.rejects(open(foreign), { code: "database_damaged" })
    const newer = await postgres.createDatabase()
    await (await open(newer)).close()
    await postgres.query(newer, "update halfkey_schema set version = 900")
    await assert.rejects(open(newer), { code: "database_too_new" })
    const careless = await postgres.createDatabase()
    await postgres.query(careless, "alter system set full_page_writes = off")
    await postgres.query(careless, "select pg_reload_conf()")
    while ((await postgres.query(careless, "show full_page_writes"))[0]?.["full_page_writes"] !== "off");
    await assert.rejects(open(careless), { code: "invalid_configuration" })
  })
})
