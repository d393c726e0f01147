/** The SDK against the real server: what both together promise. */
import assert from "node:assert/strict"
import { after, before, test } from "node:test"
import { Admin, createWorkspace } from "./admin.ts"
import type { NewWorkspace } from "./administration/types.ts"
import type { SecretsOptions } from "./options.ts"
import { Secrets, unwrap } from "./secrets.ts"
import { RealServer } from "./testing/real-server.ts"

const server = new RealServer({ HALFKEY_VALUE_MAX_LENGTH: "131072" })
const open: { close(): Promise<void> }[] = []
let workspace: NewWorkspace
let admin: Admin

before(async () => {
  await server.start()
  workspace = unwrap(
    await createWorkspace({ endpoint: server.url, setupToken: server.setupToken, label: "admin", timeoutMs: 30_000 }),
  )
  admin = new Admin(options())
  open.push(admin)
})
after(async () => {
  for (const each of open) await each.close()
  await server.stop()
})

function options(more: SecretsOptions = {}): SecretsOptions {
  const { apiKey, clientId, clientKey, workspaceCRN } = workspace
  const environment = "development"
  return {
    workspaceCRN,
    clientId,
    clientKey,
    apiKey,
    environment,
    endpoint: server.url,
    timeoutMs: 30_000,
    env: {},
    ...more,
  }
}

function client(more: SecretsOptions = {}): Secrets {
  const secrets = new Secrets(options(more))
  open.push(secrets)
  return secrets
}

test("writes and deletions are one", async () => {
  const secrets = client({ environment: "staging" })
  unwrap(await secrets.set("OLD", "1"))
  const replaced = await secrets.setMany({ NEW: "2" }, { delete: ["OLD"], ifVersions: { NEW: 0, OLD: 1 } })
  assert.deepEqual(
    unwrap(replaced).map(({ name, version }) => [name, version]),
    [
      ["NEW", 1],
      ["OLD", 2],
    ],
  )
  assert.equal((await secrets.get("OLD")).failure?.code, "secret_not_found")
  unwrap(await secrets.delete("NEW"))
})

test("every operation of the vault", async () => {
  const secrets = client()
  assert.equal(unwrap(await secrets.set("A/b.c-d", "1")).version, 1)
  assert.equal(unwrap(await secrets.set("A/b.c-d", "🔑", { ifVersion: 1 })).version, 2)
  assert.equal((await secrets.set("A/b.c-d", "3", { ifVersion: 1 })).failure?.code, "version_conflict")
  assert.equal(unwrap(await secrets.get("A/b.c-d")), "🔑")
  assert.deepEqual(
    unwrap(await secrets.setMany({ EMPTY: "", BYTES: new Uint8Array([0, 255]) })).map(({ name }) => name),
    ["EMPTY", "BYTES"],
  )
  assert.equal(unwrap(await secrets.get("EMPTY")), "")
  assert.deepEqual(unwrap(await secrets.getBytes("BYTES")), new Uint8Array([0, 255]))
  assert.equal(new TextDecoder().decode(unwrap(await secrets.getVersion("A/b.c-d", 1)).value), "1")
  assert.deepEqual(
    unwrap(await secrets.list()).map(({ name }) => name),
    ["A/b.c-d", "BYTES", "EMPTY"],
  )
  assert.deepEqual(
    unwrap(await secrets.list({ prefix: "A/" })).map(({ version }) => version),
    [2],
  )
  assert.equal(unwrap(await secrets.delete("A/b.c-d")).version, 3)
  assert.equal((await secrets.get("A/b.c-d")).failure?.code, "secret_not_found")
  assert.equal((await secrets.delete("A/b.c-d")).failure?.code, "secret_not_found")
  const history = unwrap(await secrets.history("A/b.c-d"))
  assert.deepEqual(
    history.map(({ deleted, version }) => [version, deleted]),
    [
      [3, true],
      [2, false],
      [1, false],
    ],
  )
  assert.equal(history[0]?.clientId, workspace.clientId)
  assert.equal((await secrets.history("ABSENT")).failure?.code, "secret_not_found")
  assert.deepEqual(
    unwrap(await secrets.readAll()).map(({ name }) => name),
    ["BYTES", "EMPTY"],
  )
  const { failure } = await secrets.getMany(["EMPTY", "X", "Y"])
  assert.deepEqual(failure?.facts?.["missing"], ["X", "Y"])
  const typed = unwrap(await secrets.getMany(["EMPTY"]))
  const empty: string = typed.EMPTY
  // @ts-expect-error it was not asked for
  assert.deepEqual([empty, typed.OTHER], ["", undefined])
})

test("an environment that is not there is refused with those that are", async () => {
  const { failure } = await client().get("A", { environment: "develop" })
  assert.equal(failure?.code, "keyset_not_found")
  assert.deepEqual(failure?.facts?.["available"], ["development", "production", "staging"])
})

test("values up to the server's configured limit, more than one answer can hold", async () => {
  const secrets = client({ environment: "staging" })
  const large = new Uint8Array(128 * 1024).map((_, index) => index)
  const names = Array.from({ length: 90 }, (_, index) => `LARGE_${String(index).padStart(2, "0")}`)
  for (const group of [names.slice(0, 30), names.slice(30, 60), names.slice(60)]) {
    for (const name of group) unwrap(await secrets.set(name, large))
  }
  const read = unwrap(await secrets.readMany(names))
  assert.deepEqual(
    read.map(({ name }) => name),
    names,
  )
  assert.ok(read.every(({ value }) => Buffer.compare(value, large) === 0))
  assert.equal(unwrap(await secrets.readAll()).length, names.length)
  const { failure } = await secrets.set("LARGER", new Uint8Array(128 * 1024 + 1))
  assert.equal(failure?.code, "value_too_large")
  assert.equal(failure?.facts?.["limit"], 131_072)
})

test("as many names as anybody wants, in requests of 500", async () => {
  const secrets = client({ environment: "production" })
  const entries = Array.from({ length: 1200 }, (_, index) => [`N_${index}`, `${index}`] as const)
  for (let from = 0; from < entries.length; from += 500) {
    unwrap(await secrets.setMany(new Map(entries.slice(from, from + 500))))
  }
  assert.deepEqual(unwrap(await secrets.getMany(entries.map(([name]) => name))), Object.fromEntries(entries))
  assert.equal(unwrap(await secrets.list()).length, entries.length)
  assert.equal(unwrap(await secrets.readAll()).length, entries.length)
})

test("writes of one process to one name take effect in the order of the calls", async () => {
  const secrets = client()
  const values = Array.from({ length: 60 }, (_, index) => `value ${index}`)
  const written = await Promise.all(values.map((value) => secrets.set("QUEUE", value)))
  assert.deepEqual(
    written.map((result) => unwrap(result).version),
    values.map((_, index) => index + 1),
  )
  assert.equal(unwrap(await secrets.get("QUEUE")), "value 59")
})

test("writes of many clients to one name: no version twice, no acknowledged write lost", async () => {
  const writers = Array.from({ length: 6 }, () => client())
  const acknowledged = new Map<number, string>()
  await Promise.all(
    writers.map(async (secrets, writer) => {
      for (let count = 0; count < 15; count++) {
        const value = `writer ${writer}, write ${count}`
        let result = await secrets.set("CONTESTED", value)
        while (result.failure?.code === "version_conflict") result = await secrets.set("CONTESTED", value)
        const { version } = unwrap(result)
        assert.ok(!acknowledged.has(version), `version ${version} was given twice`)
        acknowledged.set(version, value)
      }
    }),
  )
  assert.equal(acknowledged.size, 90)
  const [reader] = writers
  assert.ok(reader)
  assert.equal(unwrap(await reader.history("CONTESTED")).length, 90)
  for (const [version, value] of acknowledged) {
    assert.equal(new TextDecoder().decode(unwrap(await reader.getVersion("CONTESTED", version)).value), value)
  }
})

test("a server that is killed and started again loses nothing that it acknowledged", async () => {
  const secrets = client()
  const acknowledged = new Map<string, string>()
  const attempted = new Map<string, string>()
  let writing = true
  const writers = Array.from({ length: 4 }, async (_, writer) => {
    for (let count = 0; writing; count++) {
      const [name, value] = [`KILL_${writer}_${count}`, `${writer}.${count}`]
      attempted.set(name, value)
      if ((await secrets.set(name, value, { timeoutMs: 2000 })).failure === undefined) acknowledged.set(name, value)
    }
  })
  while (acknowledged.size < 40) await new Promise((resolve) => setTimeout(resolve, 5))
  await server.kill()
  await server.start()
  const before = acknowledged.size
  while (acknowledged.size < before + 20) await new Promise((resolve) => setTimeout(resolve, 5))
  writing = false
  await Promise.all(writers)
  const found = Object.fromEntries(
    unwrap(await secrets.readAll()).map(({ name, value }) => [name, new TextDecoder().decode(value)]),
  )
  for (const [name, value] of acknowledged) assert.equal(found[name], value)
  for (const [name, value] of attempted) assert.ok(found[name] === undefined || found[name] === value)
})

test("a client from creation to revocation", async () => {
  const own = client()
  unwrap(await own.set("SHARED", "1"))
  const { credentials } = unwrap(
    await admin.clients.create({ label: "api", environments: [{ name: "development" }], apiKey: { label: "api key" } }),
  )
  const theirs = { ...credentials, environment: "development" }
  const secrets = client(theirs)
  assert.equal(unwrap(await secrets.get("SHARED")), "1")
  assert.equal((await secrets.get("SHARED", { environment: "staging" })).failure?.code, "keyset_not_found")

  unwrap(await admin.clients.grant(credentials.clientId, ["staging"], "read"))
  assert.equal(unwrap(await secrets.list({ environment: "staging" })).length, 90)
  unwrap(await secrets.getBytes("LARGE_00", { environment: "staging" }))
  assert.equal((await secrets.set("X", "1", { environment: "staging" })).failure?.code, "mode_not_allowed")

  const listed = unwrap(await admin.clients.list()).find(({ clientId }) => clientId === credentials.clientId)
  assert.deepEqual(listed?.environments.map(({ mode, name }) => [name, mode]).sort(), [
    ["development", "read-write"],
    ["staging", "read"],
  ])
  assert.deepEqual(unwrap(await admin.clients.revoke(credentials.clientId)), {
    environments: ["development", "staging"],
    notSigned: [],
  })
  assert.equal((await secrets.get("SHARED")).failure?.code, "client_revoked")
  assert.equal((await client(theirs).get("SHARED")).failure?.code, "client_revoked")
  assert.deepEqual(unwrap(await admin.clients.revoke(credentials.clientId)).environments, [])
  assert.equal(unwrap(await own.get("SHARED")), "1")
})

test("a half that had to be opened by X-Wing is wrapped by the client, for its next start", async () => {
  const { credentials } = unwrap(await admin.clients.create({ label: "late", environments: [], apiKey: {} }))
  unwrap(await admin.clients.grant(credentials.clientId, ["production"]))
  const uploads: number[] = []
  const start = async () => {
    let count = 0
    const { fetchTransport } = await import("./transport-fetch.ts")
    const secrets = new Secrets(
      options({
        ...credentials,
        environment: "production",
        transport: async (request) => {
          if (request.url.endsWith("/self-wraps")) count += 1
          return await fetchTransport(request)
        },
      }),
    )
    assert.equal(unwrap(await secrets.get("N_7")), "7")
    await secrets.close()
    uploads.push(count)
  }
  await start()
  await start()
  assert.deepEqual(uploads, [1, 0])
})

test("API keys: narrowed, listed, revoked", async () => {
  const created = unwrap(
    await admin.apiKeys.create({ label: "ci", role: "member", readOnly: true, environments: ["development"] }),
  )
  assert.equal(created.apiKey.readOnly, true)
  const secrets = client({ apiKey: created.secret })
  unwrap(await secrets.readAll())
  assert.equal((await secrets.set("X", "1")).failure?.type, "ApiError")
  assert.ok(unwrap(await admin.apiKeys.list()).some(({ id }) => id === created.apiKey.id))
  unwrap(await admin.apiKeys.revoke(created.apiKey.id))
  unwrap(await admin.apiKeys.revoke(created.apiKey.id))
  assert.equal((await secrets.readAll()).failure?.code, "api_key_revoked")
  assert.equal((await admin.apiKeys.revoke("a".repeat(16))).failure?.code, "api_key_not_found")
})

test("a new environment is empty, belongs to its maker, and its name is taken", async () => {
  const summary = unwrap(await admin.environments.create("qa"))
  assert.deepEqual([summary.name, summary.memberCount, summary.mode], ["qa", 1, "read-write"])
  const secrets = client({ environment: "qa" })
  assert.deepEqual(unwrap(await secrets.readAll()), [])
  unwrap(await secrets.set("A", "1"))
  assert.equal((await admin.environments.create("qa")).failure?.code, "already_exists")
})

test("a wrong credential is refused for what it is", async () => {
  const other = unwrap(await admin.clients.create({ label: "other", environments: [], apiKey: {} })).credentials
  const mixed = client({ clientId: other.clientId })
  assert.equal((await mixed.readAll()).failure?.code, "invalid_configuration")
  const stolen = client({ clientId: other.clientId, clientKey: other.clientKey })
  assert.equal((await stolen.readAll()).failure?.code, "invalid_client")
  const late = client({ now: () => Date.now() - 600_000 })
  assert.match((await late.readAll()).failure?.message ?? "", /clock is \d+ s behind/)
})
