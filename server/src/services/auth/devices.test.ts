import assert from "node:assert/strict"
import { after, describe, test } from "node:test"
import { roleScopes } from "@halfkey/core/formats/scopes"
import { toBase64Url } from "@halfkey/core/primitives/bytes"
import { systemRandom } from "@halfkey/core/primitives/random"
import { decodeJwt } from "jose"
import type { ApiAnswer } from "../../testing/api-call.ts"
import { auditLog } from "../../testing/audit-log.ts"
import { TestClient } from "../../testing/test-client.ts"
import { TestDevice } from "../../testing/test-device.ts"
import { TestServer } from "../../testing/test-server.ts"
import { TestWorkspace } from "../../testing/test-workspace.ts"

const minute = 60_000

async function scene() {
  const time = { now: Date.now() }
  const server = await TestServer.start({ after }, { now: () => time.now })
  const workspace = await TestWorkspace.create(server, ["production", "staging"])
  await workspace.admin.set("production", { A: "value" })
  return { time, server, workspace, admin: workspace.admin }
}

const { server, workspace, admin } = await scene()
const newDevice = () => TestDevice.make(workspace)
const remove = (id: string) => admin.call("DELETE", `/v1/devices/${id}`)
/** Entries of filings; those of refusals may come a moment later, and are few. */
const filings = (of: TestServer) => auditLog(of).filter(({ entry }) => entry.action === "device.file")
const filed = (of: TestServer) => filings(of).filter(({ entry }) => entry.outcome === "allowed").length
const statusOf = async (id: string) => {
  const { pending } = await admin.expect("GET", "/v1/devices")
  return pending.find(({ clientId }: { clientId: string }) => clientId === id)?.status
}

function refused(answer: ApiAnswer, status: number, code: string, says?: RegExp): void {
  assert.deepEqual([answer.status, answer.body.code], [status, code], JSON.stringify(answer.body))
  if (says !== undefined) assert.match(answer.body.detail ?? answer.body.error_description, says)
}

describe("filing", () => {
  test("a device files itself, is shown with its nonce and address, and gets no token yet", async () => {
    const device = await newDevice()
    const { clientId, nonce } = device.request
    const answer = await device.file()
    assert.equal(answer.status, 201)
    assert.deepEqual([answer.body.clientId, answer.body.nonce], [clientId, nonce])
    const { pending } = await admin.expect("GET", "/v1/devices")
    const shown = pending.find((each: { clientId: string }) => each.clientId === clientId)
    const { filedAt, expiresAt, ...rest } = shown
    const { workspaceCRN: _, ...filed } = device.request
    assert.deepEqual(rest, { ...filed, status: "pending", address: "127.0.0.1" })
    assert.equal(Date.parse(expiresAt) - Date.parse(filedAt), 60 * minute)
    const token = await device.client.requestToken()
    refused(token, 400, "device_pending", /not approved yet/)
    assert.equal(token.body.error, "authorization_pending")
    const { clients } = await admin.expect("GET", "/v1/clients")
    assert.ok(!clients.some((each: { clientId: string }) => each.clientId === clientId))
  })

  test("filing the same again changes and writes nothing; with another nonce or label it is refused", async () => {
    const device = await newDevice()
    const first = await device.file()
    assert.match(first.headers.get("halfkey-receipt") ?? "", /^[\w-]{43}$/)
    const entries = filed(server)
    const again = await device.file()
    assert.deepEqual([again.status, again.body], [201, first.body])
    assert.equal(again.headers.get("halfkey-receipt"), null)
    refused(await device.file({ nonce: toBase64Url(systemRandom(32)) }), 409, "already_exists")
    refused(await device.file({ label: "another" }), 409, "already_exists")
    assert.equal(filed(server), entries)
  })

  test("nobody files a key that is not theirs, and nothing of it is kept", async () => {
    const [device, other] = [await newDevice(), await newDevice()]
    const entries = filed(server)
    refused(await device.file({}, other.assertion()), 401, "invalid_client", /not signed with this client's key/)
    refused(await device.file({}, `${device.assertion().slice(0, -8)}AAAAAAAA`), 401, "invalid_client", /client's key/)
    refused(await device.file({}, device.assertion(Date.now() - 5 * minute)), 401, "invalid_client", /expired/)
    const crn = `crn:other.region:${workspace.draft.root.workspaceId}`
    refused(await device.file({}, device.assertion(Date.now(), crn)), 401, "invalid_client", /its aud/)
    refused(await device.file({ workspaceCRN: crn }), 401, "invalid_client", /no such workspace/)
    const strange = `crn:local.self:${"A".repeat(26)}`
    refused(await device.file({ workspaceCRN: strange }), 401, "invalid_client", /no such workspace/)
    refused(await device.file({ kemPk: other.request.kemPk }), 422, "invalid_document", /do not hash/)
    refused(await device.file({ clientId: other.request.clientId }), 422, "invalid_document", /do not hash/)
    refused(await device.file({ label: "a\u202eb" }), 400, "invalid_request")
    refused(await device.file({ nonce: "AAAA" }), 400, "invalid_request")
    refused(await device.file({}, ""), 401, "invalid_client")
    assert.equal(filed(server), entries)
    assert.equal(await statusOf(device.request.clientId), undefined)
  })

  test("a client that is there already cannot be filed", async () => {
    const client = await workspace.createClient({})
    const device = await newDevice()
    await device.letIn({})
    refused(await device.file(), 409, "already_exists")
    refused(await client.requestToken({ api_key: "" }), 401, "invalid_client", /no device: it needs an API key/)
  })

  test("no more than 20 wait at once; a flood above writes a few entries, and room comes by rejecting or expiring", async () => {
    const own = await scene()
    const devices = await Promise.all(Array.from({ length: 22 }, () => TestDevice.make(own.workspace)))
    const answers = []
    for (const device of devices.slice(0, 20)) answers.push(await device.file())
    assert.ok(answers.every(({ status }) => status === 201))
    const entries = filed(own.server)
    const [twentyFirst, twentySecond] = devices.slice(20) as [TestDevice, TestDevice]
    for (let attempt = 0; attempt < 40; attempt++) refused(await twentyFirst.file(), 429, "rate_limited")
    assert.equal(filed(own.server), entries)
    const refusals = filings(own.server).length - entries
    assert.ok(refusals >= 1 && refusals <= 10, `${refusals} entries of 40 refusals`)
    await own.admin.expect("DELETE", `/v1/devices/${devices[3]?.request.clientId}`)
    assert.equal((await twentyFirst.file()).status, 201)
    refused(await twentySecond.file(), 429, "rate_limited")
    own.time.now += 61 * minute
    assert.equal((await twentySecond.file({}, twentySecond.assertion(own.time.now))).status, 201)
  })
})

describe("approval", () => {
  test("a device that was let in reads with its key alone, as its mode allows", async () => {
    const device = await newDevice()
    await device.letIn({ production: "read" })
    assert.deepEqual(await device.client.get("production", "A"), { A: "value" })
    refused(
      await device.client.call("POST", "/v1/secrets/prepare", { environment: "production", names: ["A"] }),
      403,
      "mode_not_allowed",
    )
    refused(await device.client.call("POST", "/v1/secrets/read", { environment: "staging" }), 404, "keyset_not_found")
    assert.equal(await statusOf(device.request.clientId), undefined)
    const { devices } = await admin.expect("GET", "/v1/devices")
    const shown = devices.find((each: { clientId: string }) => each.clientId === device.request.clientId)
    assert.deepEqual([shown.device, shown.label, shown.environments[0].mode], ["member", "laptop", "read"])
  })

  test("its token names no API key, and its role's scopes alone", async () => {
    const [member, deputy] = [await newDevice(), await newDevice()]
    await member.letIn({})
    await deputy.letIn({}, "admin")
    for (const [device, role] of [
      [member, "member"],
      [deputy, "admin"],
    ] as const) {
      const { client_id, api_key_id, scope } = decodeJwt(await device.client.token())
      assert.deepEqual([client_id, api_key_id, scope], [device.request.clientId, undefined, roleScopes[role].join(" ")])
      const { caller } = await device.client.expect("GET", "/v1/workspace")
      assert.deepEqual([caller.clientId, caller.apiKeyId, caller.role], [device.request.clientId, null, role])
    }
    refused(await member.client.call("GET", "/v1/clients"), 403, "insufficient_scope", /device's role is member/)
    assert.equal((await deputy.client.call("GET", "/v1/clients")).status, 200)
    refused(await member.client.requestToken({ scope: "audit:read" }), 400, "insufficient_scope", /the device does not/)
    const entry = auditLog(server).findLast(({ entry }) => entry.action === "client.list")?.entry
    assert.deepEqual([entry?.clientId, entry?.apiKeyId], [deputy.request.clientId, undefined])
  })

  test("its assertion counts once", async () => {
    const device = await newDevice()
    await device.letIn({})
    const form = { client_assertion: device.assertion() }
    assert.equal((await device.client.requestToken(form)).status, 200)
    refused(await device.client.requestToken(form), 401, "invalid_client", /used before/)
  })

  test("one that never asked, was rejected, waited too long or is in already cannot be approved, and is told so", async () => {
    const own = await scene()
    const [unknown, rejected, expired] = [
      await TestDevice.make(own.workspace),
      await TestDevice.make(own.workspace),
      await TestDevice.make(own.workspace),
    ]
    const approve = async (device: TestDevice) =>
      own.admin.call("POST", "/v1/clients", await device.approval({ staging: "read" }))
    refused(await approve(unknown), 404, "device_not_found", /no device .* waits/)
    await rejected.file()
    await expired.file()
    await own.admin.expect("DELETE", `/v1/devices/${rejected.request.clientId}`)
    refused(await approve(rejected), 404, "device_not_found", /was rejected at/)
    refused(await rejected.client.requestToken(), 400, "device_rejected", /rejected by an admin/)
    refused(await rejected.file(), 400, "device_rejected")
    own.time.now += 61 * minute
    const laterAdmin = new TestClient({ ...own.admin.parts, now: () => own.time.now })
    const { pending } = await laterAdmin.expect("GET", "/v1/devices")
    assert.deepEqual(pending.map(({ status }: { status: string }) => status).sort(), ["expired", "rejected"])
    refused(
      await laterAdmin.call("POST", "/v1/clients", { ...(await unknown.approval({})), client: clientOf(expired) }),
      404,
      "device_not_found",
      /waited until/,
    )
    const form = { client_assertion: expired.assertion(own.time.now) }
    refused(await expired.client.requestToken(form), 401, "invalid_client", /no device of that id waits/)
    assert.equal((await expired.file({}, expired.assertion(own.time.now))).status, 201)
  })

  test("who may make no API keys may let no device in, and a device gets no API key beside", async () => {
    const control = await workspace.withApiKey(workspace.draft.admin, { role: "control" })
    const device = await newDevice()
    await device.file()
    refused(await control.call("POST", "/v1/clients", await device.approval({})), 403, "insufficient_scope")
    const approval = { ...(await device.approval({})), apiKey: { label: "x", role: "member" } }
    refused(await admin.call("POST", "/v1/clients", approval), 400, "invalid_request")
    assert.equal(await statusOf(device.request.clientId), "pending")
  })
})

function clientOf({ request: { workspaceCRN: _, nonce: __, ...client } }: TestDevice) {
  return client
}

describe("removal", () => {
  test("a revoked device is out at once, its token too, and stays out", async () => {
    const device = await newDevice()
    await device.letIn({ production: "read-write" })
    assert.deepEqual(await device.client.get("production", "A"), { A: "value" })
    assert.deepEqual((await remove(device.request.clientId)).body, {
      clientId: device.request.clientId,
      status: "revoked",
    })
    refused(await device.client.call("POST", "/v1/secrets/read", { environment: "production" }), 401, "client_revoked")
    const entries = auditLog(server).length
    refused(await device.client.requestToken(), 401, "client_revoked", /is revoked/)
    const last = auditLog(server).at(-1)?.entry
    assert.equal(auditLog(server).length, entries + 1)
    assert.deepEqual([last?.action, last?.outcome, last?.clientId], ["token.issue", "denied", device.request.clientId])
    refused(await device.file(), 409, "already_exists")
    assert.equal((await remove(device.request.clientId)).body.status, "revoked")
  })

  test("a device may remove itself and nobody else; an admin's may not while it is a granter", async () => {
    const [device, other] = [await newDevice(), await newDevice()]
    await device.letIn({})
    await other.letIn({})
    const path = (each: TestDevice) => `/v1/devices/${each.request.clientId}`
    refused(await device.client.call("DELETE", path(other)), 403, "insufficient_scope")
    assert.equal((await device.client.call("DELETE", path(device))).body.status, "revoked")
    refused(await device.client.call("GET", "/v1/keysets"), 401, "client_revoked")
    assert.equal((await other.client.call("GET", "/v1/keysets")).status, 200)
  })

  test("what is no device is not removed as one", async () => {
    const client = await workspace.createClient({})
    refused(await remove(client.identity.clientId), 404, "device_not_found", /is no device/)
    refused(await remove("00000000-0000-8000-8000-000000000000"), 404, "device_not_found")
    refused(await remove("x"), 404, "device_not_found")
    const own = await remove(admin.identity.clientId)
    refused(own, 404, "device_not_found", /is no device/)
    assert.match(
      own.body.hint,
      /^it is the only granter, so let another one in first: .*; then halfkey granters remove /,
    )
    assert.equal((await client.call("GET", "/v1/keysets")).status, 200)
  })
})
