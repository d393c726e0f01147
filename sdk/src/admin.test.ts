import assert from "node:assert/strict"
import { beforeEach, test } from "node:test"
import { inspect } from "node:util"
import { HalfkeyError } from "@halfkey/core/formats/errors"
import { systemRandom } from "@halfkey/core/primitives/random"
import { Admin, createWorkspace, type SealingPlan } from "./admin.ts"
import { Secrets, unwrap } from "./secrets.ts"
import { MemoryServer } from "./testing/memory-server.ts"
import { type MemoryWorkspace, memoryEndpoint, memoryWorkspace, optionsOf } from "./testing/memory-workspace.ts"
import { intercepted, tampered } from "./testing/tampering.ts"

let place: MemoryWorkspace
let admin: Admin

beforeEach(async () => {
  place = await memoryWorkspace(["production", "staging"])
  admin = new Admin(place.options)
})

const production = () => place.server.keyset("production")

test("a workspace is made on this machine: the server sees no key, and all its checks hold", async () => {
  const bodies: string[] = []
  const { server } = await memoryWorkspace()
  const fresh = new MemoryServer(
    Buffer.from(JSON.parse((await server.transport(discoveryRequest())).body).auditKey, "base64url"),
  )
  const transport: typeof fresh.transport = async (request) => {
    bodies.push(JSON.stringify(request.headers) + (request.body ?? ""))
    return await fresh.transport(request)
  }
  const made = unwrap(
    await createWorkspace({ endpoint: memoryEndpoint, setupToken: fresh.setupToken, label: "admin", transport }),
  )
  for (const key of [made.clientKey, made.recoveryKit]) assert.ok(!bodies.join().includes(key.slice(5, 40)))
  assert.deepEqual(
    fresh.keysets.map(({ newest }) => newest.name),
    ["production", "staging", "development"],
  )
  const own = new Admin(optionsOf(fresh, made))
  const workspace = unwrap(await own.workspace())
  assert.deepEqual(workspace.granters, [{ clientId: made.clientId, label: "admin" }])
  await own.close()
})

test("a workspace with a wrong setup token, a doubtful audit key or mistyped arguments is not made", async () => {
  const { server } = place
  const make = (more: object) =>
    createWorkspace({
      endpoint: memoryEndpoint,
      setupToken: server.setupToken,
      label: "a",
      transport: server.transport,
      ...more,
    })
  assert.equal((await make({})).failure?.code, "invalid_setup_token")
  const requests = server.requests.length
  assert.equal((await make({ setupToken: `${server.setupToken}x` })).failure?.code, "invalid_key_text")
  assert.equal((await make({ label: " " })).failure?.code, "invalid_argument")
  assert.equal((await make({ environments: [] })).failure?.code, "invalid_argument")
  assert.equal((await make({ environments: ["a", "a"] })).failure?.code, "invalid_argument")
  assert.equal((await make({ environments: ["A"] })).failure?.code, "invalid_argument")
  assert.equal((await make({ endpoint: "http://a.example" })).failure?.code, "invalid_configuration")
  assert.equal(server.requests.length, requests)
  const small = tampered(server.transport, "GET /.well-known/halfkey", (json) => {
    json.auditKey = "A".repeat(43)
  })
  const { failure } = await make({ transport: small })
  assert.deepEqual([failure?.code, failure?.check], ["keyset_verification_failed", "roster"])
})

test("the workspace is what the roster says, checked against the CRN", async () => {
  const info = unwrap(await admin.workspace())
  assert.equal(info.workspaceCRN, place.workspace.workspaceCRN)
  assert.equal(info.caller.clientId, place.workspace.clientId)
  assert.equal(info.rosterSeq, 1)
  const other = await memoryWorkspace()
  const foreign = new Admin({ ...place.options, apiKey: other.workspace.apiKey, transport: other.server.transport })
  assert.equal((await foreign.workspace()).failure?.code, "invalid_response")
  const lying = new Admin({
    ...place.options,
    apiKey: other.workspace.apiKey,
    transport: tampered(other.server.transport, "GET /v1/workspace", (json) => {
      json.workspaceCRN = place.workspace.workspaceCRN
    }),
  })
  assert.equal((await lying.workspace()).failure?.check, "root")
})

test("a new client reads what its environments hold and nothing else, quickly from its first start", async () => {
  const own = new Secrets(place.options)
  unwrap(await own.set("A", "1"))
  unwrap(await own.set("A", "1", { environment: "staging" }))
  const sent: string[] = []
  const transport: typeof place.server.transport = async (request) => {
    sent.push(request.url, request.body ?? "", JSON.stringify(request.headers))
    return await place.server.transport(request)
  }
  const watched = new Admin({ ...place.options, transport })
  const { client, credentials } = unwrap(
    await watched.clients.create({ label: "api", environments: [{ name: "production" }], apiKey: {} }),
  )
  assert.ok(sent.join().includes(credentials.clientId))
  assert.ok(!sent.join().includes(credentials.clientKey.slice(5, 40)))
  assert.equal(client.label, "api")
  assert.deepEqual(
    client.environments.map(({ mode, name }) => [name, mode]),
    [["production", "read-write"]],
  )
  const secrets = new Secrets(optionsOf(place.server, credentials))
  assert.equal(unwrap(await secrets.get("A")), "1")
  assert.equal((await secrets.get("A", { environment: "staging" })).failure?.code, "keyset_not_found")
  await secrets.close()
  assert.ok(!place.server.requests.some((request) => request.endsWith("/self-wraps")))
  assert.equal(production().newest.revision, 2)
  await own.close()
})

test("a client without an API key gets none", async () => {
  const { credentials } = unwrap(
    await admin.clients.create({ label: "api", environments: [{ name: "staging", mode: "read" }] }),
  )
  assert.deepEqual(Object.keys(credentials).sort(), ["clientId", "clientKey", "workspaceCRN"])
  assert.equal(
    place.server.keyset("staging").newest.members.find(({ clientId }) => clientId === credentials.clientId)?.mode,
    "read",
  )
})

test("the members are shown before anything is sealed, and the caller may stop", async () => {
  const plans: SealingPlan[] = []
  const beforeSealing = (plan: SealingPlan) => {
    plans.push(plan)
    return plan.environment !== "staging"
  }
  const environments = [{ name: "production" }, { name: "staging" }]
  const { failure } = await admin.clients.create({ label: "api", environments }, { beforeSealing })
  assert.equal(failure?.code, "aborted")
  assert.deepEqual(
    plans[0]?.members.map(({ label }) => label),
    ["admin"],
  )
  assert.equal(plans[0]?.added?.label, "api")
  assert.ok(!place.server.requests.includes("POST /v1/clients"))
})

test("granting checks the keys that the server sends against the id", async () => {
  const { credentials } = unwrap(await admin.clients.create({ label: "api", environments: [] }))
  const { clientId } = credentials
  const swapped = new Admin({
    ...place.options,
    transport: tampered(place.server.transport, "GET /v1/clients", ({ clients }) => {
      const [first, second] = clients
      Object.assign(second, { kemPk: first.kemPk })
    }),
  })
  const { failure } = await swapped.clients.grant(clientId, ["production"])
  assert.equal(failure?.code, "invalid_argument")
  assert.equal(production().newest.revision, 1)

  const granted = unwrap(await admin.clients.grant(clientId, ["production", "staging"], "read"))
  assert.deepEqual(granted.environments, [
    { name: "production", mode: "read", revision: 2 },
    { name: "staging", mode: "read", revision: 2 },
  ])
  assert.equal(unwrap(await admin.clients.grant(clientId, ["production"], "read")).environments[0]?.revision, 2)
  assert.equal(unwrap(await admin.clients.grant(clientId, ["production"])).environments[0]?.mode, "read-write")
  assert.equal(production().grants.filter((grant) => grant.clientId === clientId).length, 1)
  assert.equal((await admin.clients.grant("x", ["production"])).failure?.code, "invalid_argument")
  const absent = clientId.replace(/^.{8}/, "00000000")
  assert.equal((await admin.clients.grant(absent, ["production"])).failure?.code, "client_not_found")
})

test("nothing is sealed while a recovery grant is missing or replaced", async () => {
  const [grant] = production().recoveryGrants
  assert.ok(grant)
  const create = () => admin.clients.create({ label: "api", environments: [{ name: "production" }] })
  for (const grants of [[], [{ ...grant, sealedHalf: systemRandom(48) }]]) {
    production().recoveryGrants.splice(0, 1, ...grants)
    assert.equal((await create()).failure?.check, "recovery")
  }
  production().recoveryGrants.splice(0, 1, grant)
  unwrap(await create())
})

test("a client that may not sign is told who may", async () => {
  const { credentials } = unwrap(
    await admin.clients.create({ label: "api", environments: [{ name: "production" }], apiKey: { role: "admin" } }),
  )
  const second = new Admin(optionsOf(place.server, credentials))
  const { failure } = await second.clients.create({ label: "x", environments: [{ name: "production" }] })
  assert.equal(failure?.code, "not_a_granter")
  assert.match(failure?.hint ?? "", /admin/)
})

test("revoking stops the client first, then signs every manifest without it, and can be repeated", async () => {
  const environments = [{ name: "production" }, { name: "staging" }]
  const { credentials } = unwrap(await admin.clients.create({ label: "api", environments, apiKey: {} }))
  const before = place.server.requests.length
  const revoked = unwrap(await admin.clients.revoke(credentials.clientId))
  assert.deepEqual(revoked, { environments: ["production", "staging"], notSigned: [] })
  assert.equal(place.server.requests[before], `DELETE /v1/clients/${credentials.clientId}`)
  for (const { newest } of place.server.keysets)
    assert.ok(!newest.members.some(({ clientId }) => clientId === credentials.clientId))
  assert.deepEqual(unwrap(await admin.clients.revoke(credentials.clientId)).environments, [])
  const listed = unwrap(await admin.clients.list()).find(({ clientId }) => clientId === credentials.clientId)
  assert.ok(listed?.revokedAt)
  assert.equal((await admin.clients.grant(credentials.clientId, ["production"])).failure?.code, "client_revoked")
})

test("a doubtful environment keeps a revoked client out of the others all the same", async () => {
  const environments = [{ name: "production" }, { name: "staging" }]
  const { credentials } = unwrap(await admin.clients.create({ label: "api", environments, apiKey: {} }))
  const transport = tampered(place.server.transport, "GET /v1/keysets/production", ({ manifests }) => {
    manifests.at(-1).members.pop()
  })
  const doubting = new Admin({ ...place.options, transport })
  const { failure } = await doubting.clients.revoke(credentials.clientId)
  assert.equal(failure?.check, "signature")
  assert.deepEqual(failure?.facts?.["done"], ["staging"])
  assert.equal(place.server.keyset("staging").newest.members.length, 1)
  const partly = await doubting.clients.grant(place.workspace.clientId, ["staging", "production"], "read")
  assert.deepEqual(partly.failure?.facts?.["done"], ["staging"])
})

test("changes that others overtake start over, and a lost answer is no failure", async () => {
  const { credentials } = unwrap(await admin.clients.create({ label: "api", environments: [] }))
  const rival = new Admin(place.options)
  const transport = intercepted(place.server.transport, "PUT /v1/keysets", async (request, count) => {
    if (count === 1) unwrap(await rival.clients.create({ label: "rival", environments: [{ name: "production" }] }))
    if (count === 2) {
      await place.server.transport(request)
      throw new HalfkeyError("server_unreachable", "the connection was lost")
    }
    return undefined
  })
  const racing = new Admin({ ...place.options, transport })
  const granted = unwrap(await racing.clients.grant(credentials.clientId, ["production"]))
  assert.equal(granted.environments[0]?.revision, 3)
  assert.deepEqual(
    production()
      .newest.members.map(({ label }) => label)
      .sort(),
    ["admin", "api", "rival"],
  )
  const overtaken = intercepted(place.server.transport, "POST /v1/clients", async (_, count) => {
    if (count === 1) unwrap(await rival.clients.create({ label: "rival", environments: [{ name: "production" }] }))
    return undefined
  })
  const creating = new Admin({ ...place.options, transport: overtaken })
  unwrap(await creating.clients.create({ label: "late", environments: [{ name: "production" }] }))
  assert.equal(production().newest.revision, 5)
})

test("a registration whose answer is lost says what to do about it", async () => {
  const transport = intercepted(place.server.transport, "POST /v1/clients", async (request) => {
    await place.server.transport(request)
    throw new HalfkeyError("server_unreachable", "the connection was lost")
  })
  const losing = new Admin({ ...place.options, transport })
  const { failure } = await losing.clients.create({ label: "api", environments: [{ name: "production" }] })
  assert.match(failure?.message ?? "", /may or may not have been registered/)
  const id = failure?.facts?.["clientId"]
  assert.ok(unwrap(await admin.clients.list()).some(({ clientId }) => clientId === id))
})

test("a new environment has this client as its only member", async () => {
  const summary = unwrap(await admin.environments.create("qa"))
  assert.deepEqual([summary.name, summary.revision, summary.memberCount, summary.mode], ["qa", 1, 1, "read-write"])
  assert.deepEqual(
    unwrap(await admin.environments.list()).map(({ name }) => name),
    ["production", "staging", "qa"],
  )
  const secrets = new Secrets({ ...place.options, environment: "qa" })
  unwrap(await secrets.set("A", "1"))
  assert.equal(unwrap(await secrets.get("A")), "1")
  await secrets.close()
  assert.equal((await admin.environments.create("No")).failure?.code, "invalid_argument")
})

test("a control key works without a client, but signs nothing", async () => {
  const { clientId: _, clientKey: __, ...options } = place.options
  const control = new Admin(options)
  assert.equal(unwrap(await control.environments.list()).length, 2)
  assert.equal((await control.environments.create("qa")).failure?.code, "client_required")
  assert.equal(new URLSearchParams(`client_assertion=${place.server.assertions.at(-1)}`).get("client_assertion"), "")
  const half = new Admin({ ...options, clientId: place.workspace.clientId })
  assert.equal((await half.environments.list()).failure?.code, "missing_configuration")
  await control.close()
})

test("health needs no credentials", async () => {
  const health = unwrap(
    await new Admin({ endpoint: memoryEndpoint, transport: place.server.transport, env: {} }).health(),
  )
  assert.equal(health.region, "local.self")
  assert.equal(health.needsSetup, false)
  assert.ok(Math.abs(health.clockSkewMs ?? Number.NaN) < 5000)
  const slow = new Admin({ ...place.options, now: () => Date.now() - 3600_000 })
  assert.ok((unwrap(await slow.health()).clockSkewMs ?? 0) > 3500_000)
})

test("printing a client shows no key", () => {
  const secrets = new Secrets(place.options)
  const shown = inspect([secrets, admin], { depth: 20, showHidden: true })
  const { apiKey, clientKey } = place.workspace
  assert.ok(!shown.includes(apiKey) && !shown.includes(clientKey))
})

function discoveryRequest() {
  const signal = new AbortController().signal
  return { method: "GET", url: `${memoryEndpoint}/.well-known/halfkey`, headers: {}, signal, maxBytes: 1000 }
}
