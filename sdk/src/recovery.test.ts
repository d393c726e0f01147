/** Recovery against the real server. */
import assert from "node:assert/strict"
import { after, before, beforeEach, test } from "node:test"
import { HalfkeyError } from "@halfkey/core/formats/errors"
import { formatRecoveryKit } from "@halfkey/core/formats/text-keys"
import { systemRandom } from "@halfkey/core/primitives/random"
import { Admin, checkRecoveryKit, fileDevice, newDevice, type RecoveryPlan } from "./admin.ts"
import { Secrets, unwrap } from "./secrets.ts"
import { RecoveryScene } from "./testing/recovery-scene.ts"
import { intercepted } from "./testing/tampering.ts"
import type { Transport } from "./transport.ts"
import { fetchTransport } from "./transport-fetch.ts"

const scene = new RecoveryScene()
before(() => scene.start())
after(() => scene.server.stop())
beforeEach(() => {
  scene.sent.length = 0
})

test("the kit alone brings an admin who reads every environment and epoch; everybody else is out", async () => {
  const { control, member } = await scene.asAdmin(async (admin, secrets) => {
    unwrap(await secrets.set("A", "first"))
    unwrap(await secrets.set("A", "staged", { environment: "staging" }))
    const environments = [{ name: "production" }]
    const made = unwrap(await admin.clients.create({ label: "member", environments, apiKey: {} }))
    // A second epoch, with a record under each.
    const leaver = unwrap(await admin.clients.create({ label: "leaver", environments }))
    unwrap(await admin.grants.revoke(leaver.credentials.clientId, ["production"], { rotate: true }))
    unwrap(await secrets.set("B", "under epoch 2"))
    const key = unwrap(await admin.apiKeys.create({ label: "control", role: "control", clientId: null }))
    return { control: key.secret, member: made.credentials }
  })
  const plans: RecoveryPlan[] = []
  const recovered = unwrap(await scene.recover({ beforeRecovery: (plan) => void plans.push(plan) }))
  assert.equal(recovered.workspaceCRN, scene.workspace.workspaceCRN)
  assert.deepEqual(recovered.environments, ["production", "staging"])
  assert.deepEqual(recovered.notRecovered, [])
  const [plan] = plans
  assert.deepEqual(plan?.admin, { clientId: recovered.clientId, label: "new admin" })
  assert.deepEqual(plan?.granters, [{ clientId: scene.workspace.clientId, label: "admin" }])
  assert.deepEqual(
    plan?.environments.map(({ name, members }) => [name, members.length]),
    [
      ["production", 2],
      ["staging", 1],
    ],
  )
  for (const { body, authorization } of scene.sent) {
    const bytes = scene.workspace.recoveryKit.slice(5, 40)
    assert.ok(
      !body.includes(bytes) && !authorization.includes(bytes) && !body.includes(recovered.clientKey.slice(5, 40)),
    )
  }
  const secrets = new Secrets(scene.optionsOf(recovered))
  assert.deepEqual(unwrap(await secrets.getMany(["A", "B"])), { A: "first", B: "under epoch 2" })
  assert.equal(unwrap(await secrets.get("A", { environment: "staging" })), "staged")
  assert.equal(unwrap(await secrets.set("A", "second")).version, 2)
  await secrets.close()

  assert.equal(await scene.codeOf(scene.workspace), "api_key_revoked")
  assert.equal(await scene.codeOf(member), "api_key_revoked")
  const out = new Secrets(scene.optionsOf(member))
  const { failure } = await out.get("A")
  await out.close()
  assert.match(failure?.message ?? "", /^the client \S+ and its API key \S+ are revoked/)
  assert.match(failure?.hint ?? "", /^ask an admin to create a new client: halfkey clients create$/)
  const keyOnly = new Admin({
    workspaceCRN: scene.workspace.workspaceCRN,
    apiKey: control,
    endpoint: scene.server.url,
    env: {},
  })
  assert.equal((await keyOnly.environments.list()).failure?.code, "api_key_revoked")
  await keyOnly.close()
  scene.current = recovered
  await scene.asAdmin(async (admin) => {
    assert.deepEqual(unwrap(await admin.granters.list()), [{ clientId: recovered.clientId, label: "new admin" }])
    for (const { members } of unwrap(await admin.grants.list())) assert.equal(members.length, 1)
    const { client } = unwrap(await admin.clients.create({ label: "b", environments: [{ name: "production" }] }))
    assert.equal(client.environments.length, 1)
    assert.ok(
      unwrap(await admin.clients.list()).find(({ clientId }) => clientId === scene.workspace.clientId)?.revokedAt,
    )
  })
})

test("it can be repeated: the admin before is out", async () => {
  const before = scene.current
  scene.current = unwrap(await scene.recover({ workspaceCRN: scene.workspace.workspaceCRN }))
  assert.equal(await scene.codeOf(before), "api_key_revoked")
  assert.equal(await scene.codeOf(scene.current), undefined)
})

test("a kit is checked before anything is sent", async () => {
  const other = formatRecoveryKit(systemRandom(32))
  const kit = scene.workspace.recoveryKit
  const wrong = [
    [{ recoveryKit: `${kit.slice(0, -1)}${kit.endsWith("x") ? "y" : "x"}` }, "invalid_key_text"],
    [{ recoveryKit: "" }, "invalid_key_text"],
    [{ recoveryKit: other, workspaceCRN: scene.workspace.workspaceCRN }, "invalid_argument"],
    [{ label: " " }, "invalid_argument"],
    [{ endpoint: "http://halfkey.example" }, "invalid_configuration"],
    [{ workspaceCRN: "crn:x" }, "invalid_crn"],
  ] as const
  for (const [more, code] of wrong) {
    const { failure } = await scene.recover(more)
    assert.equal(failure?.code, code, JSON.stringify(Object.keys(more)))
    assert.ok(!JSON.stringify(failure).includes(scene.workspace.recoveryKit.slice(5, 30)))
  }
  assert.equal(scene.sent.length, 0)
  // Who names no workspace learns from the server that it has none for this kit.
  assert.equal((await scene.recover({ recoveryKit: other })).failure?.code, "invalid_client")

  const { workspaceId } = unwrap(await checkRecoveryKit(scene.workspace.recoveryKit, scene.workspace.workspaceCRN))
  assert.ok(scene.workspace.workspaceCRN.endsWith(`:${workspaceId}`))
  assert.equal(unwrap(await checkRecoveryKit(scene.workspace.recoveryKit)).workspaceId, workspaceId)
  assert.equal((await checkRecoveryKit(other, scene.workspace.workspaceCRN)).failure?.code, "invalid_argument")
  assert.equal((await checkRecoveryKit("hkrk_x")).failure?.code, "invalid_key_text")
})

test("the caller may stop, and nothing has changed", async () => {
  assert.equal((await scene.recover({ beforeRecovery: () => false })).failure?.code, "aborted")
  assert.ok(!scene.sent.some(({ path }) => path === "/v1/recovery/commit"))
  assert.equal(await scene.codeOf(scene.current), undefined)
})

test("an assertion counts once, for this route's proof only", async () => {
  scene.current = unwrap(await scene.recover())
  const requests = scene.sent.filter(({ path }) => path.startsWith("/v1/recovery/"))
  assert.equal(requests.length, 2)
  for (const { path, authorization, body } of requests) {
    for (const target of [path, "/v1/recovery/read"]) {
      const answer = await scene.post(target, authorization, target === path ? body : "{}")
      assert.equal(answer.status, 401)
      assert.match(await answer.text(), /"code":"invalid_client"/)
    }
    const token = await fetch(`${scene.server.url}/v1/workspace`, { headers: { authorization } })
    assert.equal(token.status, 401)
  }
  assert.equal(await scene.codeOf(scene.current), undefined)
  for (const bearer of ["", "Bearer x", "Bearer a.b.c", `Bearer ${scene.current.apiKey}`]) {
    assert.equal((await scene.post("/v1/recovery/read", bearer, "{}")).status, 401)
  }
})

test("neither a client's assertion nor an old or foreign one of the root counts", async () => {
  let assertion = ""
  const transport: Transport = async (request) => {
    assertion = new URLSearchParams(request.body).get("client_assertion") ?? assertion
    return await fetchTransport(request)
  }
  const admin = new Admin({ ...scene.optionsOf(scene.current), transport })
  unwrap(await admin.workspace())
  await admin.close()
  assert.notEqual(assertion, "")
  assert.equal((await scene.post("/v1/recovery/read", `Bearer ${assertion}`, "{}")).status, 401)

  for (const minutes of [-5, 5]) {
    const { failure } = await scene.recover({ now: () => Date.now() + minutes * 60_000 })
    assert.equal(failure?.code, "invalid_client")
    assert.match(failure?.message ?? "", /root assertion is refused/)
  }
  const region = scene.workspace.workspaceCRN.replace("local.self", "other.place")
  assert.equal((await scene.recover({ workspaceCRN: region })).failure?.code, "invalid_client")
})

test("whoever changes the workspace meanwhile makes it start over; a lost answer says to do it again", async () => {
  let changed = 0
  const transport = intercepted(scene.watched, "POST /v1/recovery/commit", async (_, count) => {
    if (count === 1) {
      await scene.asAdmin(
        async (admin) =>
          void unwrap(await admin.clients.create({ label: "late", environments: [{ name: "staging" }] })),
      )
      changed += 1
    }
    return undefined
  })
  scene.current = unwrap(await scene.recover({ transport }))
  assert.equal(changed, 1)
  assert.equal(scene.sent.filter(({ path }) => path === "/v1/recovery/read").length, 2)
  const lost = intercepted(scene.watched, "POST /v1/recovery/commit", async (request) => {
    await fetchTransport(request)
    throw new HalfkeyError("server_unreachable", "the connection was lost")
  })
  const { failure } = await scene.recover({ transport: lost })
  assert.match(failure?.message ?? "", /may or may not have been recovered/)
  assert.equal(await scene.codeOf(scene.current), "api_key_revoked")
  scene.current = unwrap(await scene.recover())
  assert.equal(await scene.codeOf(scene.current), undefined)
})

test("devices are out as well, also one that waits and would be approved afterwards", async () => {
  const { server, workspace } = scene
  const { workspaceCRN } = workspace
  const [device, waiting] = [unwrap(await newDevice(workspaceCRN)), unwrap(await newDevice(workspaceCRN))]
  for (const each of [device, waiting]) {
    unwrap(await fileDevice({ endpoint: server.url, device: each, label: "laptop" }))
  }
  const environments = [{ name: "production" }]
  await scene.asAdmin(async (admin) => {
    unwrap(await admin.devices.approve({ device: device.clientId, environments }, { compare: () => true }))
  })
  const { nonce: _, ...keys } = device
  const secrets = new Secrets({ ...scene.optionsOf(keys), device: true })
  assert.ok(["secret_not_found", undefined].includes((await secrets.get("A")).failure?.code))
  scene.current = unwrap(await scene.recover())
  assert.equal((await secrets.get("A")).failure?.code, "client_revoked")
  await secrets.close()
  const again = new Secrets({ ...scene.optionsOf(keys), device: true })
  assert.equal((await again.get("A")).failure?.code, "client_revoked")
  await again.close()
  await scene.asAdmin(async (admin) => {
    const { pending } = unwrap(await admin.devices.list())
    assert.deepEqual(pending, [])
    const approval = { device: waiting.clientId, environments }
    const { failure } = await admin.devices.approve(approval, { compare: () => true })
    assert.equal(failure?.code, "device_not_found")
  })
})
