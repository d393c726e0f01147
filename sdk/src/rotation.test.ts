/** Rotation against the real server: what stays, what changes, and others who read and write meanwhile. */
import assert from "node:assert/strict"
import { after, before, test } from "node:test"
import { Admin, createWorkspace } from "./admin.ts"
import type { RotationProgress } from "./administration/rotation-types.ts"
import type { NewWorkspace } from "./administration/types.ts"
import type { SecretsOptions } from "./options.ts"
import { type FreshnessState, Secrets, unwrap } from "./secrets.ts"
import { RealServer } from "./testing/real-server.ts"
import { fetchTransport } from "./transport-fetch.ts"

const server = new RealServer()
const open: { close(): Promise<void> }[] = []
let workspace: NewWorkspace
let admin: Admin

before(async () => {
  await server.start()
  workspace = unwrap(
    await createWorkspace({ endpoint: server.url, setupToken: server.setupToken, label: "admin", timeoutMs: 30_000 }),
  )
  admin = newAdmin()
})
after(async () => {
  for (const each of open) await each.close()
  await server.stop()
})

function options(more: SecretsOptions = {}): SecretsOptions {
  const { recoveryKit: _, ...credentials } = workspace
  return { ...credentials, environment: "development", endpoint: server.url, timeoutMs: 30_000, env: {}, ...more }
}

function newAdmin(more: SecretsOptions = {}): Admin {
  const made = new Admin(options(more))
  open.push(made)
  return made
}

function client(more: SecretsOptions = {}): Secrets {
  const secrets = new Secrets(options(more))
  open.push(secrets)
  return secrets
}

const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes)

/** A memory that lasts longer than one client. */
function memory() {
  let state: FreshnessState = {}
  return {
    freshness: {
      load: async () => state,
      save: async (saved: FreshnessState) => {
        state = saved
      },
    },
  }
}

test("every version is sealed again, and nothing that people see has changed", async () => {
  const secrets = client()
  unwrap(await secrets.set("A", "first"))
  unwrap(await secrets.set("A", "second"))
  unwrap(await secrets.set("GONE", "x"))
  unwrap(await secrets.delete("GONE"))
  unwrap(
    await secrets.setMany(Object.fromEntries(Array.from({ length: 300 }, (_, index) => [`N_${index}`, `${index}`]))),
  )
  const before = { list: unwrap(await secrets.list()), history: unwrap(await secrets.history("A")) }
  const seen: RotationProgress[] = []
  const shown: unknown[] = []
  const rotated = unwrap(
    await admin.environments.rotate("development", {
      onProgress: (progress) => seen.push(progress),
      beforeSealing: ({ added, members }) =>
        void shown.push(
          added,
          members.map(({ label }) => label),
        ),
    }),
  )
  assert.deepEqual(rotated, { environment: "development", epoch: 2, resealed: 304 })
  assert.deepEqual(shown, [undefined, ["admin"]])
  assert.deepEqual(
    seen,
    [0, 250, 304].map((done) => ({ environment: "development", done, total: 304 })),
  )
  for (const reader of [secrets, client()]) {
    assert.equal(unwrap(await reader.get("A")), "second")
    assert.equal(text(unwrap(await reader.getVersion("A", 1)).value), "first")
    assert.equal((await reader.get("GONE")).failure?.code, "secret_not_found")
    assert.equal(text(unwrap(await reader.getVersion("GONE", 1)).value), "x")
    assert.equal(unwrap(await reader.readAll()).length, 301)
  }
  assert.deepEqual(unwrap(await secrets.list()), before.list)
  const epochs = before.history.map((version) => ({ ...version, epoch: 2 }))
  assert.deepEqual(unwrap(await secrets.history("A")), epochs)
  assert.equal(unwrap(await secrets.set("A", "third", { ifVersion: 2 })).version, 3)
})

test("readers with a memory go on through rotations, in one process and from run to run", async () => {
  const store = memory()
  const early = client(store)
  assert.equal(unwrap(await early.get("N_1")), "1")
  const other = client(memory())
  assert.equal(unwrap(await other.readAll()).length, 301)
  for (let count = 0; count < 2; count++) {
    unwrap(await admin.environments.rotate("development"))
    for (const reader of [early, client(store), other]) {
      assert.equal(unwrap(await reader.get("N_1")), "1")
      assert.equal(unwrap(await reader.readAll()).length, 301)
    }
  }
})

test("an empty environment and one with only a deletion are rotated too", async () => {
  assert.deepEqual(unwrap(await admin.environments.rotate("staging")), {
    environment: "staging",
    epoch: 2,
    resealed: 0,
  })
  const secrets = client({ environment: "staging" })
  unwrap(await secrets.set("X", "1"))
  unwrap(await secrets.delete("X"))
  assert.equal(unwrap(await admin.environments.rotate("staging")).resealed, 2)
})

test("large values are sealed again in requests that hold no more than an answer should", async () => {
  const environment = "large"
  unwrap(await admin.environments.create(environment))
  const secrets = client({ environment })
  const large = (index: number) => new Uint8Array(64 * 1024).fill(index)
  const numbers = Array.from({ length: 150 }, (_, index) => index)
  for (const group of [numbers.slice(0, 75), numbers.slice(75)]) {
    unwrap(await secrets.setMany(Object.fromEntries(group.map((index) => [`N_${index}`, large(index)]))))
  }
  const seen: number[] = []
  const onProgress = ({ done }: RotationProgress) => seen.push(done)
  const { resealed } = unwrap(await admin.environments.rotate(environment, { onProgress }))
  assert.equal(resealed, 150)
  // More than 8 MiB as base64url: two pages, though 250 versions would fit by their number.
  assert.equal(seen.length, 3)
  for (const index of [0, 75, 149]) {
    assert.equal(Buffer.compare(unwrap(await secrets.getBytes(`N_${index}`)), large(index)), 0)
  }
})

test("a rotation that was given up is finished by the next call; --new begins another", async () => {
  const controller = new AbortController()
  const stopped = await admin.environments.rotate("development", {
    onProgress: ({ done }) => done > 0 && controller.abort(),
    signal: controller.signal,
  })
  assert.equal(stopped.failure?.code, "aborted")
  const finished = unwrap(await newAdmin().environments.rotate("development"))
  assert.equal(finished.epoch, 5)
  assert.ok(finished.resealed < 305, `${finished.resealed}`)
  const again = new AbortController()
  await admin.environments.rotate("development", { onProgress: () => again.abort(), signal: again.signal })
  const renewed = unwrap(await admin.environments.rotate("development", { startNew: true }))
  assert.deepEqual([renewed.epoch, renewed.resealed], [7, 305])
})

test("a rotation that cannot be finished is not begun", async () => {
  const { credentials } = unwrap(
    await admin.clients.create({ label: "member", environments: [{ name: "production" }], apiKey: { role: "admin" } }),
  )
  const other = newAdmin({ ...credentials })
  assert.equal((await other.environments.rotate("production")).failure?.code, "not_a_granter")
  assert.equal((await admin.environments.rotate("nowhere")).failure?.code, "keyset_not_found")
  assert.equal(unwrap(await admin.environments.rotate("production")).epoch, 2)
})

test("the caller may stop before anything is sealed", async () => {
  const { failure } = await admin.environments.rotate("production", { beforeSealing: () => false })
  assert.equal(failure?.code, "aborted")
  assert.equal(unwrap(await admin.environments.rotate("production")).epoch, 3)
})

test("revoking with a rotation: one signature for both, and the revoked one reads nothing any more", async () => {
  const own = client({ environment: "production" })
  unwrap(await own.set("DATABASE_URL", "old"))
  const { credentials } = unwrap(
    await admin.clients.create({ label: "leaver", environments: [{ name: "production" }], apiKey: {} }),
  )
  const leaver = client({ ...credentials, environment: "production" })
  assert.equal(unwrap(await leaver.get("DATABASE_URL")), "old")
  const puts: string[] = []
  const watching = newAdmin({
    transport: async (request) => {
      if (request.method === "PUT") puts.push(request.body ?? "")
      return await fetchTransport(request)
    },
  })
  const revoked = unwrap(await watching.clients.revoke(credentials.clientId, { rotate: true }))
  assert.deepEqual(revoked, { environments: ["production"], rotated: ["production"], notRotated: [], notSigned: [] })
  const [first] = puts.map((body) => JSON.parse(body))
  assert.equal(puts.length, 2)
  assert.deepEqual(
    first.manifest.epochs.map(({ epoch }: { epoch: number }) => epoch),
    [3, 4],
  )
  assert.ok(!JSON.stringify(first).includes(credentials.clientId))
  assert.equal((await leaver.get("DATABASE_URL")).failure?.code, "client_revoked")
  unwrap(await own.set("DATABASE_URL", "new"))
  assert.equal(unwrap(await client({ environment: "production" }).get("DATABASE_URL")), "new")
  const repeated = unwrap(await watching.clients.revoke(credentials.clientId, { rotate: true }))
  assert.deepEqual(repeated, { environments: [], rotated: [], notRotated: [], notSigned: [] })
})

test("a revocation with a rotation that was interrupted is finished by the same call", async () => {
  const own = client({ environment: "production" })
  const leaving = async () => {
    const environments = [{ name: "production" }]
    return unwrap(await admin.clients.create({ label: "leaver", environments, apiKey: {} })).credentials.clientId
  }
  const early = await leaving()
  const stopped = await admin.clients.revoke(early, { rotate: true, beforeSealing: () => false })
  assert.equal(stopped.failure?.code, "aborted")
  const epochBefore = unwrap(await own.history("DATABASE_URL"))[0]?.epoch ?? 0
  assert.deepEqual(unwrap(await admin.clients.revoke(early, { rotate: true })).environments, ["production"])
  const late = await leaving()
  const giveUp = new AbortController()
  const onProgress = () => giveUp.abort()
  const given = await admin.clients.revoke(late, { rotate: true, onProgress, signal: giveUp.signal })
  assert.equal(given.failure?.code, "aborted")
  // The removal and the new epoch were one signature, so only the sealing is left.
  const finished = unwrap(await admin.clients.revoke(late, { rotate: true }))
  assert.deepEqual(finished, { environments: [], rotated: ["production"], notRotated: [], notSigned: [] })
  const history = unwrap(await own.history("DATABASE_URL"))
  assert.ok(history.every(({ epoch }) => epoch === epochBefore + 2))
})
