import assert from "node:assert/strict"
import { type TestContext, test } from "node:test"
import type { ApiKeyId, ClientId, WorkspaceId } from "@halfkey/core/formats/ids"
import type { ApiKey, Client } from "@halfkey/core/wire/clients"
import Database from "better-sqlite3"
import type { LastUse } from "../../domain/store-inputs.ts"
import { TestServer } from "../../testing/test-server.ts"
import { TestWorkspace } from "../../testing/test-workspace.ts"
import { LastUses } from "./last-uses.ts"

const [key, client] = ["k" as ApiKeyId, "c" as ClientId]
const workspaceId = "w" as WorkspaceId

/** A store that keeps what it is told, and can fail. */
function memoryStore() {
  const saved = new Map<string, number>()
  const batches: number[] = []
  return {
    saved,
    batches,
    failing: false,
    async lastUses(): Promise<readonly LastUse[]> {
      return [...saved].map(([id, at]) => ({ id: id as ApiKeyId, at }))
    },
    async saveLastUses(uses: readonly LastUse[]) {
      if (this.failing) throw new Error("full")
      batches.push(uses.length)
      for (const { id, at } of uses) saved.set(id, at)
    },
  }
}

const unexpected = () => assert.fail("a write failed")

test("the last use is known at once, and written once however often it was used", async () => {
  const store = memoryStore()
  const uses = new LastUses(store, unexpected)
  assert.equal((await uses.of(workspaceId))(key), null)
  for (let at = 1; at <= 1000; at++) uses.note(key, client, at)
  assert.deepEqual([(await uses.of(workspaceId))(key), store.saved.size], [1000, 0])
  await uses.save()
  await uses.save()
  assert.deepEqual(
    [[...store.saved], store.batches],
    [
      [
        [key, 1000],
        [client, 1000],
      ],
      [2],
    ],
  )
  assert.equal((await uses.of(workspaceId))(client), 1000)
})

test("what comes while it is written is written the next time", async () => {
  const store = memoryStore()
  const uses = new LastUses(store, unexpected)
  uses.note(key, undefined, 1)
  const saving = uses.save()
  uses.note(key, undefined, 2)
  await saving
  assert.equal((await uses.of(workspaceId))(key), 2)
  await uses.stop()
  assert.equal(store.saved.get(key), 2)
})

test("a write that fails is told, and loses nothing", async () => {
  const store = memoryStore()
  let failures = 0
  const uses = new LastUses(store, () => failures++)
  uses.note(key, undefined, 1)
  store.failing = true
  await uses.save()
  assert.deepEqual([failures, (await uses.of(workspaceId))(key)], [1, 1])
  store.failing = false
  await uses.save()
  assert.equal(store.saved.get(key), 1)
})

test("many are written in batches, and the timer begins one each minute", async (t) => {
  t.mock.timers.enable({ apis: ["setInterval"] })
  const store = memoryStore()
  const uses = new LastUses(store, unexpected)
  uses.start()
  for (let n = 0; n < 1200; n++) uses.note(`${n}` as ApiKeyId, undefined, n + 1)
  t.mock.timers.tick(59_999)
  assert.deepEqual(store.batches, [])
  t.mock.timers.tick(1)
  await uses.stop()
  assert.deepEqual(store.batches, [500, 500, 200])
})

const inStore = ({ databasePath }: TestServer) => {
  const db = new Database(databasePath, { readonly: true })
  try {
    return new Map(
      (db.prepare("select id, at from last_uses").all() as LastUse[]).map(({ id, at }) => [id as string, at]),
    )
  } finally {
    db.close()
  }
}

async function serverWithWorkspace(t: TestContext) {
  const clock = { ms: Date.now() }
  const server = await TestServer.start(t, { now: () => clock.ms })
  return { clock, server, workspace: await TestWorkspace.create(server) }
}

test("the lists show when keys and clients were used, also behind a graceful stop", async (t) => {
  const { clock, server, workspace } = await serverWithWorkspace(t)
  const { admin } = workspace
  const { clientId } = admin.identity
  const keyId = admin.parts.apiKey.slice(5, 21)
  const shown = async () => {
    const { apiKeys } = await admin.expect("GET", "/v1/api-keys")
    const { clients } = await admin.expect("GET", "/v1/clients")
    return [
      apiKeys.find(({ id }: ApiKey) => id === keyId)?.lastUsedAt,
      clients.find((each: Client) => each.clientId === clientId)?.lastUsedAt,
    ]
  }
  const unused = await workspace.withApiKey(workspace.draft.admin, {})
  clock.ms += 5000
  const at = new Date(clock.ms).toISOString()
  assert.deepEqual(await shown(), [at, at])
  assert.equal(inStore(server).size, 0)
  await server.stop()
  assert.deepEqual([inStore(server).get(keyId), inStore(server).get(clientId)], [clock.ms, clock.ms])
  await server.startAgain()
  const { apiKeys } = await admin.expect("GET", "/v1/api-keys")
  assert.equal(apiKeys.find(({ id }: ApiKey) => id === unused.parts.apiKey.slice(5, 21)).lastUsedAt, null)
})

test("only credentials that hold count as used; a refusal by the rule does, one of the key does not", async (t) => {
  const { clock, server, workspace } = await serverWithWorkspace(t)
  const { admin } = workspace
  const member = await workspace.createClient({ staging: "read" })
  const revoked = await workspace.withApiKey(workspace.draft.admin, {})
  for (const client of [member, revoked]) await client.token()
  const issuedAt = clock.ms
  await admin.expect("DELETE", `/v1/api-keys/${revoked.parts.apiKey.slice(5, 21)}`)
  clock.ms += 1000
  assert.equal((await member.call("GET", "/v1/clients")).status, 403)
  assert.equal((await revoked.call("GET", "/v1/keysets")).status, 401)
  await server.stop()
  const stored = inStore(server)
  assert.equal(stored.get(member.parts.apiKey.slice(5, 21)), clock.ms)
  assert.equal(stored.get(member.identity.clientId), clock.ms)
  assert.equal(stored.get(revoked.parts.apiKey.slice(5, 21)), issuedAt)
})
