import assert from "node:assert/strict"
import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs"
import { get } from "node:https"
import { type AddressInfo, createServer as createTcpServer } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { test } from "node:test"
import { toBase64Url } from "@halfkey/core/primitives/bytes"
import { systemRandom } from "@halfkey/core/primitives/random"
import Database from "better-sqlite3"
import { collectRoutes } from "./http/route-access.ts"
import { apiCall } from "./testing/api-call.ts"
import { auditLog } from "./testing/audit-log.ts"
import { certificate, certificateKey } from "./testing/certificate.ts"
import { TestServer } from "./testing/test-server.ts"
import { TestWorkspace } from "./testing/test-workspace.ts"

const mode = (path: string) => (statSync(path).mode & 0o777).toString(8)

test("the first start makes a private directory, a root key and a setup token", async (context) => {
  const server = await TestServer.start(context)
  const { dataDirectory } = server
  assert.equal(mode(join(dataDirectory, "root.key")), "600")
  assert.equal(mode(join(dataDirectory, "setup-token")), "600")
  assert.match(readFileSync(join(dataDirectory, "root.key"), "utf8"), /^hkrt1 [\w-]{43}\n$/)
  assert.match(server.setupToken, /^hkst_/)
  const token = server.setupToken
  await server.stop()
  await server.startAgain()
  assert.equal(server.setupToken, token)
  for (const path of ["/healthz", "/readyz"]) {
    const { status, body } = await apiCall(server.url, { path })
    assert.deepEqual([status, body], [200, { status: "ok" }])
  }
  const discovery = (await apiCall(server.url, { path: "/.well-known/halfkey" })).body
  assert.deepEqual([discovery.needsSetup, discovery.region, discovery.protocols], [true, "local.self", ["halfkey/v1"]])
})

test("a setup token whose file was lost or replaced is made anew", async (context) => {
  const server = await TestServer.start(context)
  const path = join(server.dataDirectory, "setup-token")
  for (const damage of [() => rmSync(path), () => writeFileSync(path, "hkst_nonsense\n")]) {
    await server.stop()
    damage()
    await server.startAgain()
    assert.match(server.setupToken, /^hkst_[\w-]{48}$/)
  }
  await TestWorkspace.create(server, ["production"])
})

test("a restart keeps everything", async (context) => {
  const server = await TestServer.start(context)
  const workspace = await TestWorkspace.create(server)
  const member = await workspace.createClient({ staging: "read-write" })
  await workspace.admin.set("production", { A: "1" })
  await member.set("staging", { B: "2" })
  const token = await member.token()
  const before = auditLog(server)
  await server.stop()
  assert.equal(existsSync(join(server.dataDirectory, "halfkey.db-wal")), false)
  await server.startAgain()
  assert.deepEqual(await workspace.admin.get("production", "A"), { A: "1" })
  assert.deepEqual(await member.get("staging", "B"), { B: "2" })
  const kept = await apiCall(server.url, { path: "/v1/keysets", token })
  assert.equal(kept.status, 200, "a token outlives a restart")
  assert.deepEqual(auditLog(server).slice(0, before.length), before)
  assert.equal((await apiCall(server.url, { path: "/.well-known/halfkey" })).body.needsSetup, false)
})

test("a second server on the same directory is refused, and the first goes on", async (context) => {
  const server = await TestServer.start(context)
  const { url } = server
  await assert.rejects(server.startAgain(), { code: "data_directory_in_use" })
  assert.equal((await apiCall(url, { path: "/readyz" })).status, 200)
})

test("a root key that is not the database's is refused by both fingerprints, and a missing one is never made anew", async (context) => {
  const server = await TestServer.start(context)
  await server.stop()
  const path = join(server.dataDirectory, "root.key")
  const right = readFileSync(path, "utf8")
  writeFileSync(path, `hkrt1 ${toBase64Url(systemRandom(32))}\n`)
  await assert.rejects(server.startAgain(), (error: { code: string; message: string }) => {
    assert.equal(error.code, "root_key_mismatch")
    assert.equal(error.message.match(/\b[0-9a-f]{16}\b/g)?.length, 2)
    return true
  })
  writeFileSync(path, "something else\n")
  await assert.rejects(server.startAgain(), { code: "invalid_configuration" })
  rmSync(path)
  await assert.rejects(server.startAgain(), { code: "missing_configuration" })
  assert.equal(existsSync(path), false)
  writeFileSync(path, right, { mode: 0o644 })
  chmodSync(path, 0o644)
  await assert.rejects(server.startAgain(), { code: "invalid_configuration" })
  chmodSync(path, 0o600)
  await server.startAgain()
})

test("the root key may come from the environment or a file elsewhere", async (context) => {
  const key = toBase64Url(systemRandom(32))
  const server = await TestServer.start(context, { env: { HALFKEY_ROOT_KEY: key } })
  assert.equal(existsSync(join(server.dataDirectory, "root.key")), false)
  await server.stop()
  await assert.rejects(server.startAgain({ HALFKEY_ROOT_KEY: toBase64Url(systemRandom(32)) }), {
    code: "root_key_mismatch",
  })
  await assert.rejects(server.startAgain({ HALFKEY_ROOT_KEY: "short" }), { code: "invalid_configuration" })
  const path = `${server.dataDirectory}-elsewhere.key`
  context.after(() => rmSync(path, { force: true }))
  await assert.rejects(server.startAgain({ HALFKEY_ROOT_KEY: "", HALFKEY_ROOT_KEY_FILE: path }), {
    code: "missing_configuration",
  })
  writeFileSync(path, `hkrt1 ${key}\n`)
  await server.startAgain({ HALFKEY_ROOT_KEY: "", HALFKEY_ROOT_KEY_FILE: path })
})

test("databases that cannot be used are told apart", async (context) => {
  const server = await TestServer.start(context)
  await server.stop()
  const path = join(server.dataDirectory, "halfkey.db")
  const change = (sql: string) => {
    const db = new Database(path)
    db.exec(sql)
    db.close()
  }
  change("pragma user_version = 1000")
  await assert.rejects(server.startAgain(), { code: "database_too_new" })
  change("pragma user_version = 1; pragma application_id = 7")
  await assert.rejects(server.startAgain(), { code: "database_damaged" })
  renameSync(path, `${path}.good`)
  writeFileSync(path, "this is no database".repeat(100))
  await assert.rejects(server.startAgain(), { code: "database_damaged" })
  renameSync(`${path}.good`, path)
  truncateSync(path, 40_000)
  await assert.rejects(server.startAgain(), { code: "database_damaged" })
  rmSync(path)
  rmSync(join(server.dataDirectory, "root.key"))
  await server.startAgain()
})

test("a port that is taken is told", async (context) => {
  const taken = createTcpServer().listen(0, "127.0.0.1")
  context.after(() => taken.close())
  await new Promise((resolve) => taken.once("listening", resolve))
  const { port } = taken.address() as AddressInfo
  await assert.rejects(TestServer.start(context, { env: { HALFKEY_PORT: `${port}` } }), { code: "port_in_use" })
})

test("serves TLS by itself", async (context) => {
  const folder = mkdtempSync(join(tmpdir(), "halfkey-tls-"))
  context.after(() => rmSync(folder, { recursive: true }))
  const [HALFKEY_TLS_CERT, HALFKEY_TLS_KEY] = [join(folder, "cert"), join(folder, "key")]
  writeFileSync(HALFKEY_TLS_CERT, certificate)
  writeFileSync(HALFKEY_TLS_KEY, certificateKey)
  const server = await TestServer.start(context, { env: { HALFKEY_TLS_CERT, HALFKEY_TLS_KEY } })
  assert.match(server.url, /^https:/)
  const status = await new Promise((resolve, reject) => {
    get(`${server.url}/readyz`, { ca: certificate, agent: false }, (response) => {
      response.resume()
      resolve(response.statusCode)
    }).on("error", reject)
  })
  assert.equal(status, 200)
})

test("a route that does not say who may use it keeps the server from starting", async () => {
  const { fastify } = await import("fastify")
  const app = fastify()
  collectRoutes(app)
  assert.throws(() => app.get("/open", async () => "x"), /GET \/open does not say who may use it/)
})

test("stopping waits for the requests that are under way and loses none of them", async (context) => {
  const server = await TestServer.start(context)
  const workspace = await TestWorkspace.create(server, ["production"])
  const drafts = await Promise.all(
    Array.from({ length: 20 }, (_, index) => workspace.admin.sealed("production", { [`S${index}`]: "x" })),
  )
  const answers = Promise.allSettled(drafts.map((draft) => workspace.admin.call("POST", "/v1/secrets/commit", draft)))
  await Promise.all([answers, new Promise<void>((resolve) => setImmediate(() => resolve(server.stop())))])
  const written = (await answers).filter((each) => each.status === "fulfilled" && each.value.status === 200)
  await server.startAgain()
  const { secrets } = await workspace.admin.expect("GET", "/v1/secrets?environment=production")
  assert.ok(secrets.length >= written.length, `${secrets.length} of ${written.length}`)
  assert.deepEqual(server.fatal, [])
})
