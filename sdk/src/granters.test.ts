import assert from "node:assert/strict"
import { beforeEach, test } from "node:test"
import { HalfkeyError } from "@halfkey/core/formats/errors"
import { rosterFormat } from "@halfkey/core/formats/roster"
import { Admin, type RosterPlan } from "./admin.ts"
import { Secrets, unwrap } from "./secrets.ts"
import { type MemoryWorkspace, memoryWorkspace, optionsOf } from "./testing/memory-workspace.ts"
import { intercepted, tampered } from "./testing/tampering.ts"

let place: MemoryWorkspace
let admin: Admin
let second: Awaited<ReturnType<typeof newClient>>

beforeEach(async () => {
  place = await memoryWorkspace(["production", "staging"])
  admin = new Admin(place.options)
  second = await newClient("second")
})

async function newClient(label: string) {
  const environments = [{ name: "production" }, { name: "staging" }]
  const { credentials } = unwrap(await admin.clients.create({ label, environments, apiKey: { role: "admin" } }))
  return { ...credentials, admin: new Admin(optionsOf(place.server, credentials)) }
}

const seq = () => place.server.rosters.length
const ids = (entries: readonly { readonly clientId: string }[]) => entries.map(({ clientId }) => clientId).sort()

test("an added granter signs as well, and the plan is shown before", async () => {
  assert.equal((await second.admin.grants.revoke(place.workspace.clientId, ["staging"])).failure?.code, "not_a_granter")
  const plans: RosterPlan[] = []
  const added = unwrap(
    await admin.granters.add(second.clientId, {
      beforeSigning: (plan) => {
        plans.push(plan)
        return true
      },
    }),
  )
  assert.deepEqual(plans, [
    {
      granters: [{ clientId: place.workspace.clientId, label: "admin" }],
      added: { clientId: second.clientId, label: "second" },
      signAgain: [],
    },
  ])
  assert.equal(added.changed, true)
  assert.deepEqual(ids(added.granters), [place.workspace.clientId, second.clientId].sort())
  assert.deepEqual(ids(unwrap(await second.admin.granters.list())), ids(added.granters))
  unwrap(await second.admin.clients.create({ label: "third", environments: [{ name: "production" }] }))
  const secrets = new Secrets(place.options)
  unwrap(await secrets.set("A", "1"))
  await secrets.close()
})

test("adding twice and removing twice are no failures", async () => {
  assert.equal(unwrap(await admin.granters.remove(second.clientId)).changed, false)
  unwrap(await admin.granters.add(second.clientId))
  assert.equal(unwrap(await admin.granters.add(second.clientId)).changed, false)
  assert.equal(seq(), 2)
  unwrap(await admin.granters.remove(second.clientId))
  assert.equal(unwrap(await admin.granters.remove(second.clientId)).changed, false)
  assert.equal(seq(), 3)
})

test("removing signs again, in the same request, exactly what the one who leaves had signed", async () => {
  unwrap(await admin.granters.add(second.clientId))
  unwrap(await second.admin.clients.create({ label: "third", environments: [{ name: "production" }] }))
  const before = place.server.keyset("staging").newest
  const plans: RosterPlan[] = []
  const beforeSigning = (plan: RosterPlan) => void plans.push(plan)
  const removed = unwrap(await admin.granters.remove(second.clientId, { beforeSigning }))
  assert.deepEqual(removed.signedAgain, ["production"])
  assert.deepEqual(plans[0]?.signAgain, ["production"])
  assert.equal(place.server.keyset("production").newest.signerId, place.workspace.clientId)
  assert.equal(place.server.keyset("production").newest.members.length, 3)
  assert.equal(place.server.keyset("staging").newest, before)
  assert.deepEqual(ids(removed.granters), [place.workspace.clientId])
  // Whoever left keeps its grants, and signs nothing more.
  const theirs = new Secrets(optionsOf(place.server, second))
  unwrap(await theirs.set("A", "1"))
  assert.equal((await second.admin.granters.add(second.clientId)).failure?.code, "not_a_granter")
  await theirs.close()
})

test("nobody removes itself, and a granter is not revoked", async () => {
  const alone = await admin.granters.remove(place.workspace.clientId)
  assert.equal(alone.failure?.code, "invalid_argument")
  assert.match(alone.failure?.hint ?? "", /add another granter first/)
  unwrap(await admin.granters.add(second.clientId))
  assert.match((await admin.granters.remove(place.workspace.clientId)).failure?.hint ?? "", /ask another granter/)
  assert.equal((await admin.clients.revoke(second.clientId)).failure?.code, "invalid_request")
  unwrap(await admin.granters.remove(second.clientId))
  unwrap(await admin.clients.revoke(second.clientId))
})

test("the caller may stop, and wrong ids are told", async () => {
  const stopped = await admin.granters.add(second.clientId, { beforeSigning: () => false })
  assert.equal(stopped.failure?.code, "aborted")
  assert.equal(seq(), 1)
  assert.equal((await admin.granters.add("x")).failure?.code, "invalid_argument")
  const absent = second.clientId.replace(/^.{8}/, "00000000")
  assert.equal((await admin.granters.add(absent)).failure?.code, "client_not_found")
  unwrap(await admin.clients.revoke(second.clientId))
  assert.equal((await admin.granters.add(second.clientId)).failure?.code, "client_revoked")
})

test("keys that the server puts in the place of the granter's are refused before anything is signed", async () => {
  for (const key of ["signPk", "kemPk"] as const) {
    const transport = tampered(place.server.transport, "GET /v1/clients", ({ clients }) => {
      clients[1][key] = clients[0][key]
    })
    const lied = new Admin({ ...place.options, transport })
    assert.equal((await lied.granters.add(second.clientId)).failure?.code, "invalid_argument")
  }
  assert.equal(seq(), 1)
})

test("a change that another granter overtakes starts over; a lost answer is no failure", async () => {
  const third = await newClient("third")
  const transport = intercepted(place.server.transport, "PUT /v1/roster", async (request, count) => {
    if (count === 1) unwrap(await admin.granters.add(third.clientId))
    if (count === 2) {
      await place.server.transport(request)
      throw new HalfkeyError("server_unreachable", "the connection was lost")
    }
    return undefined
  })
  const racing = new Admin({ ...place.options, transport })
  const added = unwrap(await racing.granters.add(second.clientId))
  assert.equal(added.granters.length, 3)
  assert.equal(seq(), 3)
})

test("hidden, forged and forked rosters are refused, and nothing is signed on them", async () => {
  unwrap(await admin.granters.add(second.clientId))
  unwrap(await second.admin.clients.create({ label: "third", environments: [{ name: "production" }] }))
  const forged = rosterFormat.toJson({ ...place.server.rosters[1], granters: [] } as never)
  const lies: readonly (readonly [Parameters<typeof tampered>[2], string])[] = [
    // The newest is hidden: whoever saw it knows; who did not is told by the manifest that names it.
    [(json) => void json.rosters?.pop(), "freshness"],
    [(json) => json.rosters?.splice(1, 1, forged), "roster"],
    [(json) => json.rosters?.push({ ...json.rosters.at(-1), seq: 3 }), "roster"],
  ]
  for (const [lie, check] of lies) {
    const honest = place.server.transport
    let lying = false
    const transport: typeof honest = async (request) =>
      lying ? await tampered(honest, "GET", lie)(request) : await honest(request)
    const lied = new Admin({ ...place.options, transport })
    unwrap(await lied.granters.list())
    lying = true
    for (const attempt of [lied.granters.list(), lied.granters.remove(second.clientId)]) {
      const { failure } = await attempt
      assert.deepEqual([failure?.code, failure?.check], ["keyset_verification_failed", check])
    }
    await lied.close()
  }
  const fresh = new Admin({
    ...place.options,
    transport: tampered(place.server.transport, "GET /v1/keysets/production", (json) => void json.rosters.pop()),
  })
  // Where the workspace shows one roster and a key set another, nothing is signed either.
  assert.equal((await fresh.granters.remove(second.clientId)).failure?.code, "keyset_verification_failed")
  assert.equal(seq(), 2)
})
