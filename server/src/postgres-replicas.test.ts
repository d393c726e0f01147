/** Servers on PostgreSQL: one, and three on one database, while they and the database come and go. */
import assert from "node:assert/strict"
import { mkdtempSync, readdirSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { after, before, describe, type TestContext, test } from "node:test"
import { apiCall } from "./testing/api-call.ts"
import { TcpProxy } from "./testing/tcp-proxy.ts"
import { TestClient } from "./testing/test-client.ts"
import { noPostgres, TestPostgres } from "./testing/test-postgres.ts"
import { TestServer } from "./testing/test-server.ts"
import { TestWorkspace } from "./testing/test-workspace.ts"
import { until } from "./testing/until.ts"

const ready = async ({ url }: TestServer) => (await apiCall(url, { path: "/readyz" })).status

describe("a server on PostgreSQL", { skip: noPostgres }, () => {
  let postgres: TestPostgres
  before(async () => {
    postgres = await TestPostgres.start()
  })
  after(() => postgres.remove())

  /** As many replicas as there are URLs, started at once; their data directory is one. */
  async function replicas(context: TestContext, ...urls: string[]): Promise<TestServer[]> {
    const dataDirectory = mkdtempSync(join(tmpdir(), "halfkey-replicas-"))
    context.after(() => rmSync(dataDirectory, { recursive: true, force: true }))
    return Promise.all(
      urls.map((url) => TestServer.start(context, { dataDirectory, env: { HALFKEY_DATABASE_URL: url } })),
    )
  }

  const at = ({ url }: TestServer, { parts }: TestClient) => new TestClient({ ...parts, url: () => url })

  test("three replicas start at once on an empty database, and are one server", async (context) => {
    const url = await postgres.createDatabase()
    const [one, two, three] = (await replicas(context, url, url, url)) as [TestServer, TestServer, TestServer]
    assert.deepEqual(readdirSync(one.dataDirectory).sort(), ["root.key", "setup-token"])
    assert.deepEqual(await Promise.all([one, two, three].map(ready)), [200, 200, 200])
    const workspace = await TestWorkspace.create(two)
    assert.deepEqual(readdirSync(one.dataDirectory), ["root.key"])
    const admins = [one, two, three].map((each) => at(each, workspace.admin))
    const [first, second, third] = admins as [TestClient, TestClient, TestClient]
    assert.equal((await first.set("production", { A: "1" })).status, 200)
    assert.deepEqual(await third.get("production", "A"), { A: "1" })
    // Everybody writes the same names at once: of each version there is one.
    const sealed = await Promise.all(
      admins.map((admin, index) => admin.sealed("production", { A: `${index}`, B: "b" })),
    )
    const answers = await Promise.all(
      sealed.map((body, index) => admins[index]?.call("POST", "/v1/secrets/commit", body)),
    )
    assert.deepEqual(answers.map((answer) => answer?.status).sort(), [200, 409, 409])
    const history = await second.expect("GET", "/v1/secrets/A/versions?environment=production")
    assert.deepEqual(
      history.versions.map(({ version }: { version: number }) => version),
      [2, 1],
    )
    const entries = await postgres.query(url, "select seq, leaf_hash from audit_entries order by seq")
    assert.deepEqual(
      entries.map(({ seq }) => Number(seq)),
      entries.map((_, index) => index),
    )
    for (const each of [one, two, three]) assert.deepEqual(each.fatal, [])
  })

  test("who is revoked at one replica is refused by all, from the moment that it was answered", async (context) => {
    const url = await postgres.createDatabase()
    const [one, two, three] = (await replicas(context, url, url, url)) as [TestServer, TestServer, TestServer]
    const workspace = await TestWorkspace.create(one)
    await workspace.admin.set("production", { A: "1" })
    const client = await workspace.createClient({ production: "read-write" })
    const seenBy = [one, two, three].map((each) => at(each, client))
    // Every replica has the client, its key and its membership in memory.
    for (const each of seenBy) assert.deepEqual(await each.get("production", "A"), { A: "1" })
    await workspace.admin.expect("DELETE", `/v1/clients/${client.identity.clientId}`)
    for (const each of seenBy) {
      const read = await each.call("POST", "/v1/secrets/read", { environment: "production", secrets: [{ name: "A" }] })
      assert.equal(read.status, 401)
    }
  })

  test("a replica that dies leaves the audit tree to another one", async (context) => {
    const url = await postgres.createDatabase()
    const [one, two] = (await replicas(context, url, url)) as [TestServer, TestServer]
    const leads = ({ log }: TestServer) => log.includes("brings audit entries into their trees")
    await until(async () => leads(one) || leads(two))
    const [leader, other] = leads(one) ? [one, two] : [two, one]
    assert.equal(leads(other), false)
    const workspace = await TestWorkspace.create(other)
    const sizeOf = async () => {
      const { status, body } = await workspace.admin.call("GET", "/v1/audit/checkpoint")
      return status === 200 ? Number((body.checkpoint as string).split("\n")[1]) : 0
    }
    const entries = async () => Number((await postgres.query(url, "select count(*) from audit_entries"))[0]?.["count"])
    const grown = await entries()
    await until(async () => (await sizeOf()) >= grown)
    // Its connection with the lock ends, as when its process does.
    await leader.stop()
    await until(async () => leads(other))
    const later = await entries()
    await until(async () => (await sizeOf()) >= later)
  })

  test("without its database a server says so, and goes on when it is back", async (context) => {
    const own = await TestPostgres.start()
    context.after(() => own.remove())
    const url = await own.createDatabase()
    const [server] = (await replicas(context, url)) as [TestServer]
    const workspace = await TestWorkspace.create(server)
    await workspace.admin.set("production", { A: "1" })
    for (const signal of ["SIGINT", "SIGKILL"] as const) {
      await own.stop(signal)
      await until(async () => (await ready(server)) === 503)
      const asked = { environment: "production", secrets: [{ name: "A" }] }
      const read = await workspace.admin.call("POST", "/v1/secrets/read", asked)
      assert.equal(read.status, 503)
      assert.equal(read.body.code, "unavailable")
      await own.startAgain()
      await until(async () => (await ready(server)) === 200)
      assert.deepEqual(await workspace.admin.get("production", "A"), { A: "1" })
    }
    assert.match(server.log, /the database is away/)
    // It may answer for a second by what it heard last, and connect anew meanwhile.
    await until(async () => server.log.includes("the database is back"))
    assert.deepEqual(server.fatal, [])
  })

  test("a replica that hears nothing answers nothing, and the others go on", async (context) => {
    const proxy = await TcpProxy.start(context, postgres.port)
    const url = await postgres.createDatabase()
    const throughProxy = url.replace(`:${postgres.port}/`, `:${proxy.port}/`)
    const [near, far] = (await replicas(context, url, throughProxy)) as [TestServer, TestServer]
    const workspace = await TestWorkspace.create(near)
    await workspace.admin.set("production", { A: "1" })
    const cutOff = at(far, workspace.admin)
    assert.deepEqual(await cutOff.get("production", "A"), { A: "1" })
    proxy.silence()
    await until(async () => (await ready(far)) === 503)
    const read = { environment: "production", secrets: [{ name: "A" }] }
    assert.equal((await cutOff.call("POST", "/v1/secrets/read", read)).status, 503)
    assert.equal((await workspace.admin.set("production", { A: "2" })).status, 200)
    proxy.cut()
    await until(async () => (await ready(far)) === 200)
    assert.deepEqual(await cutOff.get("production", "A"), { A: "2" })
  })
})
