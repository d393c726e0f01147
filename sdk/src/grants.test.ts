import assert from "node:assert/strict"
import { beforeEach, test } from "node:test"
import { Admin } from "./admin.ts"
import { Secrets, unwrap } from "./secrets.ts"
import { type MemoryWorkspace, memoryWorkspace, optionsOf } from "./testing/memory-workspace.ts"
import { tampered } from "./testing/tampering.ts"

let place: MemoryWorkspace
let admin: Admin

beforeEach(async () => {
  place = await memoryWorkspace(["production", "staging"])
  admin = new Admin(place.options)
})

async function newClient(mode?: "read") {
  const environments = [{ name: "production" }, { name: "staging", mode }]
  return unwrap(await admin.clients.create({ label: "api", environments, apiKey: {} })).credentials
}

test("who may do what is what the manifests say, not what the server lists", async () => {
  const { clientId } = await newClient("read")
  const transport = tampered(place.server.transport, "GET /v1/keysets", (json) => {
    for (const keyset of json.keysets ?? []) Object.assign(keyset, { mode: "write", memberCount: 17 })
  })
  const lied = new Admin({ ...place.options, transport })
  const [production, staging] = unwrap(await lied.grants.list())
  const own = { clientId: place.workspace.clientId, label: "admin", mode: "read-write", granter: true }
  const byId = (left: { clientId: string }, right: { clientId: string }) => (left.clientId < right.clientId ? -1 : 1)
  const other = { clientId, label: "api", mode: "read-write", granter: false }
  assert.deepEqual(production?.members, [own, other].sort(byId))
  assert.deepEqual(staging?.members, [own, { ...other, mode: "read" }].sort(byId))
  assert.deepEqual([production?.environment, production?.revision, production?.state], ["production", 2, "enabled"])
  assert.deepEqual(
    unwrap(await admin.grants.list(["staging"])).map(({ environment }) => environment),
    ["staging"],
  )
})

test("a list that was tampered with is refused", async () => {
  const { clientId } = await newClient()
  const refusals: readonly (readonly [string, Parameters<typeof tampered>[2], string])[] = [
    ["GET /v1/keysets/production", ({ manifests }) => void manifests.at(-1).members.pop(), "signature"],
    [
      "GET /v1/keysets/production",
      ({ manifests }) =>
        Object.assign(
          manifests.at(-1).members.find((member: { clientId: string }) => member.clientId === clientId),
          { mode: "read" },
        ),
      "signature",
    ],
    ["GET /v1/keysets/production", ({ rosters }) => void rosters.pop(), "roster"],
    ["GET /v1/keysets", (json) => json.keysets?.reverse().forEach(swapIds), "key set"],
  ]
  for (const [route, tamper, check] of refusals) {
    const lied = new Admin({ ...place.options, transport: tampered(place.server.transport, route, tamper) })
    const { failure } = await lied.grants.list()
    assert.deepEqual([failure?.code, failure?.check], ["keyset_verification_failed", check])
  }
})

/** The first key set is listed under another id. */
function swapIds(keyset: { keysetId: string }): void {
  keyset.keysetId = crypto.randomUUID()
}

test("a granter that is no member sees, takes out and revokes all the same", async () => {
  const { clientId } = await newClient()
  unwrap(await admin.grants.revoke(place.workspace.clientId, ["staging"]))
  const staging = () => place.server.keyset("staging")
  assert.deepEqual(
    staging().newest.members.map((member) => member.clientId),
    [clientId],
  )
  assert.equal(unwrap(await admin.grants.list(["staging"]))[0]?.members.length, 1)
  // Only letting in needs a half of one's own.
  assert.equal((await admin.grants.add(clientId, ["staging"], "read")).failure?.code, "keyset_not_found")
  assert.deepEqual(unwrap(await admin.clients.revoke(clientId)).environments, ["production", "staging"])
  assert.equal(staging().newest.members.length, 0)
})

test("taking out changes one environment, once, and can be repeated", async () => {
  const { clientId } = await newClient()
  const done = unwrap(await admin.grants.revoke(clientId, ["production"]))
  assert.deepEqual(done, { clientId, environments: ["production"], notMember: [] })
  assert.deepEqual(unwrap(await admin.grants.revoke(clientId, ["production", "staging"])), {
    clientId,
    environments: ["staging"],
    notMember: ["production"],
  })
  assert.equal(place.server.keyset("production").newest.revision, 3)
  assert.equal(unwrap(await admin.grants.add(clientId, ["production"], "read")).environments[0]?.mode, "read")
  assert.equal((await admin.grants.revoke("x", ["production"])).failure?.code, "invalid_argument")
  assert.equal((await admin.grants.revoke(clientId, ["nothing"])).failure?.code, "keyset_not_found")
})

test("with a rotation, one manifest both takes out and begins an epoch, which only who remains can open", async () => {
  const { clientId } = await newClient()
  const other = unwrap(await admin.clients.create({ label: "b", environments: [{ name: "production" }], apiKey: {} }))
  const own = new Secrets(place.options)
  unwrap(await own.set("A", "old"))
  unwrap(await admin.grants.revoke(clientId, ["production"], { rotate: true }))
  const { grants, newest, recoveryGrants } = place.server.keyset("production")
  assert.deepEqual(
    newest.epochs.map(({ epoch }) => epoch),
    [1, 2],
  )
  const sealedTo = grants.filter(({ epoch }) => epoch === 2).map((grant) => grant.clientId)
  assert.deepEqual(sealedTo.sort(), [place.workspace.clientId, other.credentials.clientId].sort())
  assert.equal(recoveryGrants.length, 2)
  unwrap(await own.set("B", "new"))
  const remaining = new Secrets(optionsOf(place.server, other.credentials))
  assert.deepEqual(unwrap(await remaining.getMany(["A", "B"])), { A: "old", B: "new" })
  await own.close()
  await remaining.close()
})

test("who takes itself out, and never learns that it did, repeats that as well", async () => {
  const { clientId } = place.workspace
  for (const [environments, notMember] of [
    [["production"], []],
    [[], ["production"]],
  ] as const) {
    const again = await admin.grants.revoke(clientId, ["production"], { rotate: true })
    assert.deepEqual(unwrap(again), { clientId, environments, notMember })
  }
})

test("no new half is sealed while a recovery grant is missing, but taking out works", async () => {
  const { clientId } = await newClient()
  place.server.keyset("production").recoveryGrants.splice(0)
  const rotated = await admin.grants.revoke(clientId, ["production"], { rotate: true })
  assert.equal(rotated.failure?.check, "recovery")
  unwrap(await admin.grants.revoke(clientId, ["production"]))
})
