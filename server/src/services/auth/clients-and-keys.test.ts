import assert from "node:assert/strict"
import { after, test } from "node:test"
import { ClientIdentity } from "@halfkey/core/client/client-identity"
import { addMember } from "@halfkey/core/client/membership"
import { toBase64Url } from "@halfkey/core/primitives/bytes"
import { systemRandom } from "@halfkey/core/primitives/random"
import type { NewApiKey } from "@halfkey/core/wire/clients"
import { auditLog } from "../../testing/audit-log.ts"
import type { TestClient } from "../../testing/test-client.ts"
import { TestServer } from "../../testing/test-server.ts"
import { changeToWire, newClientToWire, TestWorkspace } from "../../testing/test-workspace.ts"

const server = await TestServer.start({ after }, { env: { HALFKEY_TRUSTED_PROXIES: "127.0.0.1" } })
const workspace = await TestWorkspace.create(server)
const { admin, draft } = workspace

const read = (client: TestClient, environment: string) =>
  client.call("POST", "/v1/secrets/read", { environment, secrets: [{ name: "A" }] })

await admin.set("production", { A: "p" })
await admin.set("staging", { A: "s" })

test("a client is registered with its memberships, and shown with them", async () => {
  const client = await workspace.createClient({ staging: "read", production: "write" })
  const { clients } = await admin.expect("GET", "/v1/clients")
  const shown = clients.find((each: { clientId: string }) => each.clientId === client.identity.clientId)
  assert.deepEqual(
    shown.environments.map(({ name, mode }: { name: string; mode: string }) => [name, mode]),
    [
      ["production", "write"],
      ["staging", "read"],
    ],
  )
  assert.deepEqual([shown.granter, shown.revokedAt, shown.label], [false, null, "client"])
  const first = clients.find((each: { clientId: string }) => each.clientId === admin.identity.clientId)
  assert.equal(first.granter, true)
})

test("a client that is refused leaves nothing behind", async () => {
  const identity = await ClientIdentity.create(draft.root.workspaceId, systemRandom)
  const client = await newClientToWire(identity, "half")
  const member = { ...(await identity.publicKeys()), mode: "read" as const, label: "half" }
  const good = changeToWire(await addMember(await admin.keyset("staging"), member, workspace.signer))
  const stale = { ...good, manifest: { ...good.manifest, revision: 1 } }
  for (const [keysets, status, code] of [
    [[good, good], 422, "invalid_document"],
    [[stale], 409, "revision_conflict"],
    [[{ ...good, grants: [] }], 422, "invalid_document"],
  ] as const) {
    const answer = await admin.call("POST", "/v1/clients", { client, keysets, apiKey: { label: "x", role: "member" } })
    assert.deepEqual([answer.status, answer.body.code], [status, code])
  }
  const { clients } = await admin.expect("GET", "/v1/clients")
  assert.ok(!clients.some((each: { clientId: string }) => each.clientId === identity.clientId))
  const { apiKeys } = await admin.expect("GET", "/v1/api-keys")
  assert.ok(!apiKeys.some((each: { clientId: string }) => each.clientId === identity.clientId))
  assert.equal((await admin.call("POST", "/v1/clients", { client, keysets: [good] })).status, 201)
  const again = await admin.call("POST", "/v1/clients", { client, keysets: [] })
  assert.deepEqual([again.status, again.body.code], [409, "already_exists"])
})

test("a revoked client is out at once, its token too; doing it again changes nothing", async () => {
  const client = await workspace.createClient({ staging: "read-write" })
  assert.equal((await read(client, "staging")).status, 200)
  const first = await admin.call("DELETE", `/v1/clients/${client.identity.clientId}`)
  assert.equal(first.status, 200)
  assert.deepEqual(
    first.body.environments.map(({ name }: { name: string }) => name),
    ["staging"],
  )
  const answer = await read(client, "staging")
  assert.deepEqual([answer.status, answer.body.code], [401, "client_revoked"])
  const token = await client.requestToken()
  assert.deepEqual([token.status, token.body.code], [401, "client_revoked"])
  const second = await admin.call("DELETE", `/v1/clients/${client.identity.clientId}`)
  assert.deepEqual([second.status, second.body], [200, first.body])
  assert.equal((await workspace.removeMember("staging", client)).status, 200)
  assert.deepEqual((await admin.call("DELETE", `/v1/clients/${client.identity.clientId}`)).body.environments, [])
  const member = { ...(await client.identity.publicKeys()), mode: "read" as const, label: "back" }
  const back = changeToWire(await addMember(await admin.keyset("staging"), member, workspace.signer))
  const refused = await admin.call("PUT", "/v1/keysets/staging", back)
  assert.deepEqual([refused.status, refused.body.check], [422, "members"])
})

test("two revoked members can be taken out one after the other", async () => {
  const [one, two] = [
    await workspace.createClient({ staging: "read" }),
    await workspace.createClient({ staging: "read" }),
  ]
  for (const { identity } of [one, two]) await admin.expect("DELETE", `/v1/clients/${identity.clientId}`)
  assert.equal((await workspace.removeMember("staging", one)).status, 200)
  assert.equal((await workspace.removeMember("staging", two)).status, 200)
})

test("a granter is not revoked before it left the roster, and strangers are not found", async () => {
  const answer = await admin.call("DELETE", `/v1/clients/${admin.identity.clientId}`)
  assert.deepEqual([answer.status, answer.body.code], [400, "invalid_request"])
  for (const id of ["nobody", "00000000-0000-8000-8000-000000000000"]) {
    const unknown = await admin.call("DELETE", `/v1/clients/${id}`)
    assert.deepEqual([unknown.status, unknown.body.code], [404, "client_not_found"])
  }
})

test("requests that are under way when a client is revoked give out nothing afterwards", async () => {
  const client = await workspace.createClient({ staging: "read-write" })
  await client.token()
  const reads = Array.from({ length: 30 }, () => read(client, "staging"))
  const revoked = await admin.call("DELETE", `/v1/clients/${client.identity.clientId}`)
  const answers = await Promise.all(reads)
  const log = auditLog(server).map(({ entry }) => entry)
  const at = log.findIndex(({ requestId }) => requestId === revoked.headers.get("halfkey-request-id"))
  const allowed = log
    .slice(at + 1)
    .filter(({ clientId, outcome }) => clientId === client.identity.clientId && outcome === "allowed")
  assert.deepEqual(allowed, [], "an entry after the revocation allows something")
  for (const { status, headers } of answers.filter((answer) => answer.status === 200)) {
    const place = log.findIndex(({ requestId }) => requestId === headers.get("halfkey-request-id"))
    assert.ok(status === 200 && place >= 0 && place < at)
  }
})

test("an API key is shown once, listed without its secret, and revoked at once", async () => {
  const client = await workspace.createClient({ staging: "read" })
  const created = await admin.call("POST", "/v1/api-keys", {
    label: "second",
    role: "member",
    clientId: client.identity.clientId,
  })
  assert.equal(created.status, 201)
  const { apiKey, secret } = created.body
  const list = await admin.call("GET", "/v1/api-keys")
  assert.ok(
    list.body.apiKeys.some(({ id, label }: { id: string; label: string }) => id === apiKey.id && label === "second"),
  )
  assert.ok(!JSON.stringify(list.body).includes(secret.slice("hkak_".length + 17)))
  const second = workspace.client(client.identity, secret)
  assert.equal((await read(second, "staging")).status, 200)
  const revoked = await admin.expect("DELETE", `/v1/api-keys/${apiKey.id}`)
  assert.ok(revoked.revokedAt)
  const answer = await read(second, "staging")
  assert.deepEqual([answer.status, answer.body.code], [401, "api_key_revoked"])
  assert.deepEqual((await second.requestToken()).body.code, "api_key_revoked")
  assert.equal((await read(client, "staging")).status, 200)
  assert.deepEqual(await admin.expect("DELETE", `/v1/api-keys/${apiKey.id}`), revoked)
  const unknown = await admin.call("DELETE", "/v1/api-keys/aaaaaaaaaaaaaaaa")
  assert.deepEqual([unknown.status, unknown.body.code], [404, "api_key_not_found"])
})

test("a key narrowed to environments reaches no other, in any way", async () => {
  const narrow = await workspace.withApiKey(draft.admin, { role: "admin", environments: ["staging"] })
  assert.equal((await read(narrow, "staging")).status, 200)
  for (const answer of [
    await read(narrow, "production"),
    await narrow.call("GET", "/v1/keysets/production"),
    await narrow.call("GET", "/v1/secrets?environment=production"),
    await narrow.call("POST", "/v1/keysets/production/data-keys/generate", { count: 1 }),
    await narrow.call("POST", "/v1/api-keys", { label: "more", role: "admin" }),
    await narrow.call("POST", "/v1/clients", { client: await newClientToWire(draft.admin, "x"), keysets: [] }),
    await narrow.call("DELETE", "/v1/api-keys/aaaaaaaaaaaaaaaa"),
    await narrow.call("DELETE", "/v1/clients/00000000-0000-8000-8000-000000000000"),
  ]) {
    assert.deepEqual([answer.status, answer.body.code], [403, "api_key_restricted"])
  }
  const { keysets } = await narrow.expect("GET", "/v1/keysets")
  assert.deepEqual(
    keysets.map(({ name }: { name: string }) => name),
    ["staging"],
  )
  const { clients } = await narrow.expect("GET", "/v1/clients")
  const shown = new Set(
    clients.flatMap((each: { environments: { name: string }[] }) => each.environments.map(({ name }) => name)),
  )
  assert.deepEqual([...shown], ["staging"])
})

test("a read-only key changes nothing, and no narrowed key makes keys or clients", async () => {
  const readOnly = await workspace.withApiKey(draft.admin, { role: "admin", readOnly: true })
  assert.equal((await read(readOnly, "staging")).status, 200)
  const draftWrite = await admin.sealed("staging", { A: "changed" })
  for (const answer of [
    await readOnly.call("POST", "/v1/secrets/prepare", { environment: "staging", names: ["A"] }),
    await readOnly.call("POST", "/v1/secrets/commit", draftWrite),
    await readOnly.call("POST", "/v1/api-keys", { label: "more", role: "admin" }),
  ]) {
    assert.deepEqual([answer.status, answer.body.code], [403, "api_key_restricted"])
  }
  for (const narrowing of [
    { networks: ["127.0.0.0/8"] },
    { expiresAt: new Date(Date.now() + 3_600_000).toISOString() },
  ] satisfies Partial<NewApiKey>[]) {
    const narrow = await workspace.withApiKey(draft.admin, { role: "admin", ...narrowing })
    const answer = await narrow.call("POST", "/v1/api-keys", { label: "more", role: "admin" })
    assert.deepEqual([answer.status, answer.body.code], [403, "api_key_restricted"])
  }
})

test("a key narrowed to networks works from there only, as a trusted proxy names the address", async () => {
  const narrow = await workspace.withApiKey(draft.admin, { networks: ["10.1.0.0/16", "2001:db8::/32"] })
  const { apiCall } = await import("../../testing/api-call.ts")
  const { signClientAssertion } = await import("@halfkey/core/client/client-assertion")
  const from = (address: string) => {
    const assertion = signClientAssertion(draft.admin, draft.crn, Date.now(), systemRandom)
    const form = new URLSearchParams({
      grant_type: "client_credentials",
      api_key: narrow.parts.apiKey,
      client_assertion_type: "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
      client_assertion: assertion,
    })
    const headers = { "content-type": "application/x-www-form-urlencoded", "x-forwarded-for": address }
    return apiCall(server.url, { method: "POST", path: "/oauth/token", body: form.toString(), headers })
  }
  for (const [address, status] of [
    ["10.1.2.3", 200],
    ["::ffff:10.1.2.3", 200],
    ["2001:db8::7", 200],
    ["10.2.0.1", 400],
    ["2001:db9::7", 400],
  ] as const) {
    const answer = await from(address)
    assert.equal(answer.status, status, address)
    if (status === 400)
      assert.deepEqual([answer.body.code, answer.body.error], ["api_key_restricted", "unauthorized_client"])
  }
  const token = (await from("10.1.2.3")).body.access_token
  const elsewhere = await apiCall(server.url, {
    path: "/v1/keysets",
    token,
    headers: { "x-forwarded-for": "192.0.2.1" },
  })
  assert.deepEqual([elsewhere.status, elsewhere.body.code], [403, "api_key_restricted"])
  assert.equal(auditLog(server).at(-1)?.entry.address, "192.0.2.1")
})

test("what a trusted proxy forwards goes into an audit entry as an address, or not at all", async () => {
  const { apiCall } = await import("../../testing/api-call.ts")
  const token = await admin.token()
  for (const [forwarded, address] of [
    ["x".repeat(10_000), "unknown"],
    ["hkak_aaaaaaaaaaaaaaaa_secret", "unknown"],
    ["192.0.2.1, not an address", "unknown"],
    ["fe80::1%a-zone-that-is-chosen-by-the-sender", "fe80::1"],
    ["::FFFF:192.0.2.9", "192.0.2.9"],
    ["[2001:DB8::7]:4711", "2001:db8::7"],
    ["192.0.2.1, 198.51.100.1", "198.51.100.1"],
  ] as const) {
    const answer = await apiCall(server.url, { path: "/v1/keysets", token, headers: { "x-forwarded-for": forwarded } })
    assert.equal(answer.status, 200)
    const receipt = answer.headers.get("halfkey-receipt")
    const entry = auditLog(server).find(({ leafHash }) => toBase64Url(leafHash) === receipt)?.entry
    assert.equal(entry?.address, address)
  }
})

test("refuses API keys that make no sense", async () => {
  const client = await workspace.createClient({ staging: "read" })
  await admin.expect("DELETE", `/v1/clients/${client.identity.clientId}`)
  const cases: [request: Record<string, unknown>, status: number, code: string][] = [
    [{ clientId: null }, 400, "invalid_request"],
    [{ clientId: client.identity.clientId }, 400, "invalid_request"],
    [{ clientId: "00000000-0000-8000-8000-000000000000" }, 404, "client_not_found"],
    [{ environments: ["nowhere"] }, 404, "keyset_not_found"],
    [{ networks: ["10.0.0.0/33"] }, 400, "invalid_request"],
    [{ networks: ["example.org"] }, 400, "invalid_request"],
    [{ networks: ["fe80::1%eth0"] }, 400, "invalid_request"],
    [{ expiresAt: "2001-01-01T00:00:00.000Z" }, 400, "invalid_request"],
    [{ label: "a\u202eb" }, 400, "invalid_request"],
    [{ role: "owner" }, 400, "invalid_request"],
  ]
  for (const [request, status, code] of cases) {
    const answer = await admin.call("POST", "/v1/api-keys", { label: "odd", role: "member", ...request })
    assert.deepEqual([answer.status, answer.body.code], [status, code], JSON.stringify(request))
  }
})

test("control keys register clients and hand out no API key, and members administer nothing", async () => {
  const control = await workspace.withApiKey(undefined, { role: "control" })
  const identity = await ClientIdentity.create(draft.root.workspaceId, systemRandom)
  const client = await newClientToWire(identity, "by control")
  const withKey = await control.call("POST", "/v1/clients", {
    client,
    keysets: [],
    apiKey: { label: "x", role: "member" },
  })
  assert.deepEqual([withKey.status, withKey.body.code], [403, "insufficient_scope"])
  assert.equal((await control.call("POST", "/v1/clients", { client, keysets: [] })).status, 201)
  const member = await workspace.createClient({ staging: "read-write" })
  for (const [method, path] of [
    ["GET", "/v1/clients"],
    ["GET", "/v1/api-keys"],
  ] as const) {
    const answer = await member.call(method, path)
    assert.deepEqual([answer.status, answer.body.code], [403, "insufficient_scope"])
  }
})

test("what is written down has the caller's address and a user agent without surprises", async () => {
  const { apiCall } = await import("../../testing/api-call.ts")
  const token = await admin.token()
  const headers = { "user-agent": `agent/1 \t\u00e9${"x".repeat(300)}` }
  const answer = await apiCall(server.url, { path: "/v1/keysets", token, headers })
  const entry = auditLog(server).find(
    ({ leafHash }) => toBase64Url(leafHash) === answer.headers.get("halfkey-receipt"),
  )?.entry
  assert.equal(entry?.userAgent?.length, 200)
  assert.match(entry?.userAgent ?? "", /^agent\/1 \?\?x+$/)
})
