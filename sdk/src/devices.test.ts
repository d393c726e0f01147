/** People's devices against the real server (S9). */
import assert from "node:assert/strict"
import { after, before, describe, test } from "node:test"
import { Admin, createWorkspace, type DeviceComparison, fileDevice, type NewWorkspace, newDevice } from "./admin.ts"
import { type Failure, Secrets, type SecretsOptions, unwrap } from "./secrets.ts"
import { RealServer } from "./testing/real-server.ts"

const server = new RealServer()
let workspace: NewWorkspace
let admin: Admin
const open: { close(): Promise<void> }[] = []

before(async () => {
  await server.start()
  workspace = unwrap(
    await createWorkspace({
      endpoint: server.url,
      setupToken: server.setupToken,
      label: "admin",
      environments: ["production", "staging"],
      timeoutMs: 30_000,
    }),
  )
  const { recoveryKit: _, ...credentials } = workspace
  admin = opened(new Admin({ ...credentials, ...place() }))
  const secrets = opened(new Secrets({ ...credentials, ...place() }))
  unwrap(await secrets.set("A", "value", { environment: "production" }))
})
after(async () => {
  for (const each of open) await each.close()
  await server.stop()
})

const place = (): SecretsOptions => ({ endpoint: server.url, environment: "production", timeoutMs: 30_000, env: {} })

function opened<T extends { close(): Promise<void> }>(each: T): T {
  open.push(each)
  return each
}

/** A device that was filed, as its owner uses it. */
async function filedDevice(label: string) {
  const device = unwrap(await newDevice(workspace.workspaceCRN))
  const { code, expiresAt } = unwrap(await fileDevice({ endpoint: server.url, device, label }))
  const { workspaceCRN, clientId, clientKey } = device
  const options = { ...place(), workspaceCRN, clientId, clientKey, device: true as const }
  return {
    device,
    clientId,
    code,
    expiresAt,
    admin: opened(new Admin(options)),
    secrets: opened(new Secrets(options)),
  }
}

const approve = (device: string, mode: "read-write" | "read" = "read-write", role: "admin" | "member" = "member") =>
  admin.devices.approve({ device, environments: [{ name: "production", mode }], role }, { compare: () => true })

const members = async (environment: string) => {
  const [grants] = unwrap(await admin.grants.list([environment]))
  return grants?.members.map(({ clientId }) => clientId) ?? []
}

function assertFailure(failure: Failure | undefined, code: string, says: RegExp, check?: string): void {
  assert.deepEqual([failure?.code, failure?.check], [code, check], JSON.stringify(failure))
  assert.match(failure?.message ?? "", says)
}

describe("a device", () => {
  test("is let in by a compared code, and then needs its own key alone", async () => {
    const laptop = await filedDevice("laptop")
    assertFailure((await laptop.secrets.get("A")).failure, "device_pending", /not approved yet/)
    assert.match(laptop.code, /^[0-9A-Z]{5}-[0-9A-Z]{5}$/)
    const compared: DeviceComparison[] = []
    const plans: string[] = []
    const client = unwrap(
      await admin.devices.approve(
        { environments: [{ name: "production", mode: "read" }, { name: "staging" }] },
        {
          compare: (comparison) => compared.push(comparison) > 0,
          beforeSealing: ({ added, environment }) => {
            plans.push(`${environment}: ${added?.clientId} ${added?.mode}`)
            return undefined
          },
        },
      ),
    )
    const [comparison] = compared
    assert.deepEqual(
      [comparison?.code, comparison?.codeWasTyped, comparison?.role, comparison?.device.label],
      [laptop.code, false, "member", "laptop"],
    )
    assert.deepEqual(plans, [`production: ${laptop.clientId} read`, `staging: ${laptop.clientId} read-write`])
    assert.deepEqual([client.clientId, client.device, client.label], [laptop.clientId, "member", "laptop"])
    assert.equal(unwrap(await laptop.secrets.get("A")), "value")
    assertFailure((await laptop.secrets.set("A", "x")).failure, "mode_not_allowed", /mode in production is read/)
    assert.equal(unwrap(await laptop.secrets.set("B", "own", { environment: "staging" })).version, 1)
    const { caller } = unwrap(await laptop.admin.workspace())
    assert.deepEqual([caller.clientId, caller.apiKeyId, caller.role], [laptop.clientId, null, "member"])
    const own = unwrap(await laptop.admin.environments.own())
    assert.deepEqual(
      own.map(({ mode, name }) => [name, mode]),
      [
        ["production", "read"],
        ["staging", "read-write"],
      ],
    )
    const { devices, pending } = unwrap(await admin.devices.list())
    assert.deepEqual([pending, devices.map(({ clientId }) => clientId)], [[], [laptop.clientId]])
  })

  test("gets nothing when the code is not the one of its screen, or nobody compared", async () => {
    const [first, second] = [await filedDevice("first"), await filedDevice("second")]
    const environments = [{ name: "production" }]
    const never = { compare: () => assert.fail("there is nothing to compare") }
    const ofOther = await admin.devices.approve({ device: first.clientId, code: second.code, environments }, never)
    assertFailure(ofOther.failure, "keyset_verification_failed", /does not have the code that was typed/, "code")
    const ofNobody = await admin.devices.approve({ code: "00000-00000", environments }, never)
    assertFailure(ofNobody.failure, "keyset_verification_failed", /no device that waits has the code/, "code")
    const noCode = await admin.devices.approve({ code: "1234", environments }, never)
    assertFailure(noCode.failure, "invalid_argument", /not the code of a device/)
    const which = await admin.devices.approve({ environments }, never)
    assertFailure(which.failure, "invalid_argument", /2 devices wait/)
    const stopped = await admin.devices.approve({ device: first.clientId, environments }, { compare: () => false })
    assertFailure(stopped.failure, "aborted", /before anything was signed/)
    for (const { clientId, secrets } of [first, second]) {
      assertFailure((await secrets.get("A")).failure, "device_pending", /not approved/)
      assert.ok(!(await members("production")).includes(clientId))
    }
    const found: (boolean | string)[] = []
    const compare = ({ codeWasTyped, device }: DeviceComparison) => found.push(codeWasTyped, device.label) > 0
    const typed = ` ${second.code.toLowerCase().replace("-", "")} `
    unwrap(await admin.devices.approve({ code: typed, environments }, { compare }))
    assert.deepEqual(found, [true, "second"])
    assert.equal(unwrap(await second.secrets.get("A")), "value")
    assert.equal(unwrap(await admin.devices.revoke(first.clientId)).status, "rejected")
    assertFailure((await first.secrets.get("A")).failure, "device_rejected", /rejected by an admin/)
    assertFailure((await approve(first.clientId)).failure, "device_not_found", /was rejected/)
  })

  test("of the role admin administers; of the role member it does not", async () => {
    const [deputy, member] = [await filedDevice("deputy"), await filedDevice("member")]
    unwrap(await approve(deputy.clientId, "read-write", "admin"))
    unwrap(await approve(member.clientId))
    assert.ok(unwrap(await deputy.admin.clients.list()).length > 1)
    assertFailure((await member.admin.clients.list()).failure, "insufficient_scope", /the device's role is member/)
    unwrap(await admin.granters.add(deputy.clientId))
    assertFailure((await deputy.admin.devices.leave()).failure, "invalid_request", /is a granter/)
    const third = await filedDevice("third")
    const environments = [{ name: "production" }]
    unwrap(await deputy.admin.devices.approve({ code: third.code, environments }, { compare: () => true }))
    assert.equal(unwrap(await third.secrets.get("A")), "value")
    unwrap(await admin.granters.remove(deputy.clientId))
  })

  test("that was revoked is out at once and of every manifest, and says so when it is approved again", async () => {
    const lost = await filedDevice("lost")
    unwrap(await approve(lost.clientId))
    assert.equal(unwrap(await lost.secrets.get("A")), "value")
    const revoked = unwrap(await admin.devices.revoke(lost.clientId, { rotate: true, timeoutMs: 30_000 }))
    assert.deepEqual(
      [revoked.status, revoked.environments, revoked.rotated],
      ["revoked", ["production"], ["production"]],
    )
    assertFailure((await lost.secrets.get("A")).failure, "client_revoked", /is revoked/)
    assert.ok(!(await members("production")).includes(lost.clientId))
    assertFailure((await approve(lost.clientId)).failure, "client_revoked", /was revoked at/)
    const again = unwrap(await admin.devices.revoke(lost.clientId))
    assert.deepEqual([again.status, again.environments], ["revoked", []])
  })

  test("that is in already is not approved twice, and one that nobody filed not at all", async () => {
    const [present, unknown] = [await filedDevice("present"), unwrap(await newDevice(workspace.workspaceCRN))]
    unwrap(await approve(present.clientId))
    assertFailure((await approve(present.clientId)).failure, "already_exists", /is in already/)
    assertFailure((await approve(unknown.clientId)).failure, "device_not_found", /no device .* waits/)
    const none = await admin.devices.approve({ environments: [] }, { compare: () => true })
    assertFailure(none.failure, "device_not_found", /no device waits/)
  })

  test("loses an environment as every client does, and may leave by itself", async () => {
    const [leaver, stranger] = [await filedDevice("leaver"), unwrap(await newDevice(workspace.workspaceCRN))]
    unwrap(await approve(leaver.clientId))
    assert.equal(unwrap(await leaver.secrets.get("A")), "value")
    unwrap(await admin.grants.revoke(leaver.clientId, ["production"]))
    assertFailure((await leaver.secrets.get("A")).failure, "keyset_not_found", /no environment production, or no grant/)
    assert.deepEqual(unwrap(await leaver.admin.environments.own()), [])
    assert.deepEqual(unwrap(await leaver.admin.devices.leave()), { clientId: leaver.clientId })
    assertFailure((await leaver.secrets.get("A")).failure, "client_revoked", /is revoked/)
    assertFailure((await admin.devices.revoke(stranger.clientId)).failure, "device_not_found", /no such device/)
  })
})

test("filing the same device again gives the same code, until it is damaged", async () => {
  const { code, device, expiresAt } = await filedDevice("twice")
  const again = unwrap(await fileDevice({ endpoint: server.url, device, label: "twice" }))
  assert.deepEqual(again, { code, expiresAt })
  const damaged = await fileDevice({ endpoint: server.url, device: { ...device, nonce: "AAAA" }, label: "twice" })
  assertFailure(damaged.failure, "invalid_argument", /nonce is damaged/)
  const other = unwrap(await newDevice(workspace.workspaceCRN))
  const mixed = { ...device, clientKey: other.clientKey }
  const refused = await fileDevice({ endpoint: server.url, device: mixed, label: "twice" })
  assertFailure(refused.failure, "invalid_argument", /is not that of its client key/)
  unwrap(await admin.devices.revoke(device.clientId))
})

test("a client that is no device needs its API key, and a device has none", async () => {
  const { credentials } = unwrap(await admin.clients.create({ label: "service", environments: [] }))
  const { workspaceCRN, clientId, clientKey } = credentials
  const secrets = opened(new Secrets({ ...place(), workspaceCRN, clientId, clientKey, device: true }))
  assertFailure((await secrets.get("A")).failure, "invalid_client", /is no device: it needs an API key/)
  const without = opened(new Secrets({ ...place(), workspaceCRN, clientId, clientKey }))
  assertFailure((await without.get("A")).failure, "missing_configuration", /CS_CLIENT_ACCESS_KEY is not set/)
  const both = opened(
    new Secrets({ ...place(), workspaceCRN, clientId, clientKey, apiKey: workspace.apiKey, device: true }),
  )
  assertFailure((await both.get("A")).failure, "invalid_configuration", /a device has no API key/)
  const env = { CS_CLIENT_ACCESS_KEY: workspace.apiKey }
  const ignored = opened(new Secrets({ ...place(), workspaceCRN, clientId, clientKey, device: true, env }))
  assertFailure((await ignored.get("A")).failure, "invalid_client", /is no device/)
  const keyless = opened(new Admin({ ...place(), workspaceCRN, device: true }))
  assertFailure((await keyless.workspace()).failure, "missing_configuration", /CS_CLIENT_ID, CS_CLIENT_KEY are not set/)
  assert.throws(() => new Secrets({ device: false as never }), TypeError)
  await assert.rejects(admin.devices.approve({ environments: [] }, {} as never), TypeError)
})
