/** A server that lies to whoever rotates: nothing that it chose gets a good seal, and what it holds stays as it is. */
import assert from "node:assert/strict"
import { after, before, test } from "node:test"
import { Admin, createWorkspace } from "./admin.ts"
import type { NewWorkspace } from "./administration/types.ts"
import type { SecretsOptions } from "./options.ts"
import { type FreshnessState, Secrets, unwrap } from "./secrets.ts"
import { RealServer } from "./testing/real-server.ts"
import { fetchTransport } from "./transport-fetch.ts"

interface Stale {
  epoch: number
  keyset?: unknown
  records: { name: string; version: number; deleted: boolean; record: string; keySeed: string; newKeyId: string }[]
  next: string | null
  remaining: number
}

const environment = "production"
const server = new RealServer()
const open: { close(): Promise<void> }[] = []
let workspace: NewWorkspace
let state: FreshnessState = {}
const freshness = {
  load: async () => state,
  save: async (saved: FreshnessState) => {
    state = saved
  },
}

before(async () => {
  await server.start()
  workspace = unwrap(
    await createWorkspace({ endpoint: server.url, setupToken: server.setupToken, label: "admin", timeoutMs: 30_000 }),
  )
  const secrets = opened(new Secrets(options()))
  for (const name of ["A", "B"]) unwrap(await secrets.set(name, `value of ${name}`))
  unwrap(await secrets.set("C", "x"))
  unwrap(await secrets.delete("C"))
})
after(async () => {
  for (const each of open) await each.close()
  await server.stop()
})

function options(more: SecretsOptions = {}): SecretsOptions {
  const { recoveryKit: _, ...credentials } = workspace
  return { ...credentials, environment, endpoint: server.url, timeoutMs: 30_000, env: {}, freshness, ...more }
}

function opened<Client extends { close(): Promise<void> }>(client: Client): Client {
  open.push(client)
  return client
}

/** Rotates through somebody who changes answers of `stale`; nothing may be sealed again. Resolves to what was noticed. */
async function rotateThrough(attack: (stale: Stale) => void): Promise<string | undefined> {
  const sent: string[] = []
  const admin = opened(
    new Admin(
      options({
        transport: async (request) => {
          if (request.url.endsWith("/reseal")) sent.push(request.url)
          const answer = await fetchTransport(request)
          if (!request.url.endsWith("/stale")) return answer
          const stale: Stale = JSON.parse(answer.body)
          attack(stale)
          return { ...answer, body: JSON.stringify(stale) }
        },
      }),
    ),
  )
  const { failure } = await admin.environments.rotate(environment)
  assert.deepEqual(sent, [], "nothing was sent to be stored")
  return failure?.check ?? failure?.code
}

const at = (stale: Stale, name: string, version = 1) => {
  const found = stale.records.find((record) => record.name === name && record.version === version)
  assert.ok(found)
  return found
}

function change<T extends object>(what: T, changes: Partial<T>): void {
  Object.assign(what, changes)
}

const attacks: readonly [string, (stale: Stale) => void, string][] = [
  ["the record of another secret", (stale) => change(at(stale, "A"), { record: at(stale, "B").record }), "freshness"],
  ["the record of another version", (stale) => change(at(stale, "C"), { record: at(stale, "C", 2).record }), "commit"],
  ["another name for a record", (stale) => change(at(stale, "A"), { name: "D" }), "commit"],
  ["a seed of another record", (stale) => change(at(stale, "A"), { keySeed: at(stale, "B").keySeed }), "commit"],
  ["a deletion shown as a value", (stale) => change(at(stale, "C", 2), { deleted: false }), "type"],
  ["a value shown as a deletion", (stale) => change(at(stale, "B"), { deleted: true }), "type"],
  ["a name that no secret can have", (stale) => change(at(stale, "A"), { name: "../A" }), "invalid_response"],
  ["a newest epoch that no granter signed", (stale) => change(stale, { epoch: stale.epoch + 1 }), "epoch"],
  ["an older epoch as the newest", (stale) => change(stale, { epoch: stale.epoch - 1 }), "epoch"],
  ["an empty page that says more is left", (stale) => change(stale, { records: [], next: "1.1" }), "invalid_response"],
]

for (const [what, attack, noticed] of attacks) {
  test(`rotation refuses ${what}`, async () => {
    assert.equal(await rotateThrough(attack), noticed)
  })
}

test("rotation refuses a second record of a version that this machine has seen", async () => {
  const [id, floors] = Object.entries(state.secrets ?? {})[0] ?? []
  assert.ok(id && floors?.["A"])
  const true_ = state
  // As if this machine had read the other side of a fork.
  const forked = { ...floors, A: { ...floors["A"], hash: "A".repeat(43) } }
  state = { ...state, secrets: { ...state.secrets, [id]: forked } }
  assert.equal(await rotateThrough(() => {}), "freshness")
  state = { ...state, secrets: true_.secrets ?? {} }
})

test("a confirmation of less than was sent is refused; the next call finds all done", async () => {
  const admin = opened(
    new Admin(
      options({
        transport: async (request) => {
          const answer = await fetchTransport(request)
          return request.url.endsWith("/reseal") ? { ...answer, body: '{"resealed":1,"already":0}' } : answer
        },
      }),
    ),
  )
  assert.equal((await admin.environments.rotate(environment)).failure?.code, "invalid_response")
  const rotated = unwrap(await opened(new Admin(options())).environments.rotate(environment))
  assert.deepEqual([rotated.epoch, rotated.resealed], [2, 0])
  const secrets = opened(new Secrets(options()))
  assert.deepEqual(unwrap(await secrets.getMany(["A", "B"])), { A: "value of A", B: "value of B" })
})
