/** Everything that signs, on a real server with environments that are disabled, destroyed, and destroyed for good. */
import assert from "node:assert/strict"
import { after, before, test } from "node:test"
import { setTimeout as sleep } from "node:timers/promises"
import { Admin, type ClientCredentials, createWorkspace, type NewWorkspace, recoverWorkspace } from "./admin.ts"
import { unwrap } from "./result.ts"
import { Secrets } from "./secrets.ts"
import { RealServer } from "./testing/real-server.ts"

const all = ["gone", "live", "off", "purged"]
const settings: Record<string, string> = { HALFKEY_DESTROY_AFTER_DAYS: "0" }
const server = new RealServer(settings)
const closing: (() => Promise<void>)[] = []
let workspace: NewWorkspace
let admin: Admin
let second: ClientCredentials
const leavers: string[] = []

function adminOf({ apiKey, clientId, clientKey, workspaceCRN }: ClientCredentials): Admin {
  const made = new Admin({
    ...{ workspaceCRN, clientId, clientKey, ...(apiKey !== undefined && { apiKey }) },
    ...{ endpoint: server.url, timeoutMs: 30_000, env: {} },
  })
  closing.push(() => made.close())
  return made
}

async function valueIn(environment: string, { apiKey, clientId, clientKey, workspaceCRN }: ClientCredentials) {
  const credentials = { workspaceCRN, clientId, clientKey, ...(apiKey !== undefined && { apiKey }) }
  const secrets = new Secrets({ ...credentials, environment, endpoint: server.url, timeoutMs: 30_000, env: {} })
  try {
    const { data, failure } = await secrets.get("A")
    return failure?.code ?? data
  } finally {
    await secrets.close()
  }
}

before(async () => {
  await server.start()
  const { setupToken, url: endpoint } = server
  workspace = unwrap(
    await createWorkspace({ endpoint, setupToken, label: "admin", environments: all, timeoutMs: 30_000 }),
  )
  admin = adminOf(workspace)
  const environments = all.map((name) => ({ name }))
  second = unwrap(await admin.clients.create({ label: "second", environments, apiKey: { role: "admin" } })).credentials
  for (const label of ["one", "two", "three"]) {
    leavers.push(unwrap(await admin.clients.create({ label, environments })).client.clientId)
  }
  unwrap(await admin.granters.add(second.clientId))
  for (const environment of all) {
    const { clientId, clientKey, apiKey, workspaceCRN } = workspace
    const secrets = new Secrets({ clientId, clientKey, apiKey, workspaceCRN, environment, endpoint, env: {} })
    unwrap(await secrets.set("A", `of ${environment}`))
    await secrets.close()
  }
  // The second granter signs all four last, so that all must be signed again when it goes.
  const other = adminOf(second)
  unwrap(await other.environments.destroy("purged"))
  while (unwrap(await other.environments.list()).every(({ purgedAt }) => purgedAt === null)) await sleep(20)
  settings["HALFKEY_DESTROY_AFTER_DAYS"] = "7"
  await server.kill()
  await server.start()
  unwrap(await other.environments.destroy("gone"))
  unwrap(await other.environments.disable("off"))
  unwrap(await other.environments.disable("live"))
  unwrap(await other.environments.enable("live"))
})
after(async () => {
  for (const close of closing) await close()
  await server.stop()
})

test("lists say the states, by the signed manifests", async () => {
  const grants = unwrap(await admin.grants.list())
  assert.deepEqual(
    grants.map(({ environment, members, state }) => [environment, state, members.length]),
    [
      ["gone", "destroyed", 5],
      ["live", "enabled", 5],
      ["off", "disabled", 5],
      ["purged", "destroyed", 5],
    ],
  )
})

test("nobody gets into one that is not enabled, and then into none", async () => {
  for (const name of ["gone", "off", "purged"]) {
    const { failure } = await admin.clients.create({ label: "new", environments: [{ name: "live" }, { name }] })
    assert.equal(failure?.code, "keyset_disabled")
  }
  const clients = unwrap(await admin.clients.list())
  assert.ok(!clients.some(({ label }) => label === "new"))
})

test("a granter can be removed who signed last in all of them", async () => {
  const { signedAgain } = unwrap(await admin.granters.remove(second.clientId))
  assert.deepEqual([...signedAgain].sort(), all)
})

test("a client is taken out of all of them: of those that may come back too", async () => {
  const [one = "", two = "", three = ""] = leavers
  const revoked = unwrap(await admin.clients.revoke(one))
  assert.deepEqual([revoked.environments.toSorted(), revoked.notSigned], [all, []])
  const rotated = unwrap(await admin.clients.revoke(two, { rotate: true }))
  assert.deepEqual(rotated.environments.toSorted(), all)
  assert.deepEqual([rotated.rotated, rotated.notRotated, rotated.notSigned], [["live"], ["off"], []])
  assert.deepEqual(unwrap(await admin.clients.revoke(two, { rotate: true })).environments, [])
  const taken = unwrap(await admin.grants.revoke(three, all))
  assert.deepEqual(taken.environments, all)
  for (const { members } of unwrap(await admin.grants.list())) assert.equal(members.length, 2)
})

test("what is not enabled is not rotated, and says why", async () => {
  for (const name of ["gone", "off", "purged"]) {
    assert.equal((await admin.environments.rotate(name)).failure?.code, "keyset_disabled")
  }
  assert.equal(unwrap(await admin.environments.rotate("live")).epoch, 3)
})

test("each state has its ways, and no other", async () => {
  assert.equal((await admin.environments.disable("gone")).failure?.code, "keyset_disabled")
  assert.equal((await admin.environments.enable("gone")).failure?.code, "keyset_disabled")
  assert.equal((await admin.environments.undoDestroy("off")).failure?.code, "invalid_argument")
  assert.equal((await admin.environments.undoDestroy("purged")).failure?.code, "keyset_disabled")
  assert.equal(unwrap(await admin.environments.undoDestroy("live")).changed, false)
  const { changed, undoUntil } = unwrap(await admin.environments.destroy("gone"))
  assert.deepEqual([changed, undoUntil === null], [false, false])
  const { failure } = await adminOf(second).environments.disable("live")
  assert.equal(failure?.code, "not_a_granter")
})

test("whoever brings one back at the same time as another finds it done", async () => {
  const others = [admin, adminOf(workspace), adminOf(workspace)]
  const results = await Promise.all(others.map((each) => each.environments.disable("live")))
  assert.equal(results.map(unwrap).filter(({ changed }) => changed).length, 1)
  const back = await Promise.all(others.map((each) => each.environments.enable("live")))
  assert.equal(back.map(unwrap).filter(({ changed }) => changed).length, 1)
})

test("recovery says of each what it is, and the new admin brings back what can be brought back", async () => {
  const { endpoint, recoveryKit } = { endpoint: server.url, recoveryKit: workspace.recoveryKit }
  const recovered = unwrap(await recoverWorkspace({ endpoint, recoveryKit, label: "rescuer", timeoutMs: 30_000 }))
  const { destroyed, disabled, environments, notRecovered } = recovered
  assert.deepEqual([environments, disabled, destroyed, notRecovered], [["live"], ["off"], ["gone"], ["purged"]])
  const rescuer = adminOf(recovered)
  for (const name of ["gone", "off"]) assert.equal(await valueIn(name, recovered), "keyset_disabled")
  unwrap(await rescuer.environments.undoDestroy("gone"))
  unwrap(await rescuer.environments.enable("off"))
  for (const name of ["gone", "live", "off"]) {
    assert.equal(await valueIn(name, recovered), `of ${name}`)
    const { epoch, resealed } = unwrap(await rescuer.environments.rotate(name))
    assert.deepEqual([resealed, epoch > 1], [1, true], name)
    assert.equal(await valueIn(name, recovered), `of ${name}`)
  }
  assert.equal(await valueIn("purged", recovered), "keyset_not_found")
  const states = unwrap(await rescuer.grants.list()).map(({ environment, members, state }) => [
    environment,
    state,
    members.length,
  ])
  assert.deepEqual(states, [
    ["gone", "enabled", 1],
    ["live", "enabled", 1],
    ["off", "enabled", 1],
    ["purged", "destroyed", 0],
  ])
  assert.equal(await valueIn("live", workspace), "api_key_revoked")
})
