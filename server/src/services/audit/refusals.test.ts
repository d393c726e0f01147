import assert from "node:assert/strict"
import { after, test } from "node:test"
import { formatApiKey, parseApiKey } from "@halfkey/core/formats/text-keys"
import { toBase64Url, utf8 } from "@halfkey/core/primitives/bytes"
import { apiCall } from "../../testing/api-call.ts"
import { auditLog } from "../../testing/audit-log.ts"
import { TestServer } from "../../testing/test-server.ts"
import { TestWorkspace } from "../../testing/test-workspace.ts"

const server = await TestServer.start({ after })
const workspace = await TestWorkspace.create(server, ["production"])
const { admin, draft } = workspace
await admin.token()

const denied = () => auditLog(server).filter(({ entry }) => entry.outcome === "denied")
const since = (count: number) =>
  denied()
    .slice(count)
    .map(({ entry }) => entry)

/** Entries of strangers come after the answer. */
async function until(count: number): Promise<void> {
  while (denied().length < count) await new Promise((resolve) => setTimeout(resolve, 5))
}

const forged = (claims: object) =>
  `${toBase64Url(utf8(JSON.stringify({ alg: "Ed25519", typ: "at+jwt" })))}.${toBase64Url(utf8(JSON.stringify(claims)))}.${"A".repeat(86)}`

test("a token that is none of ours is noted in the log of the workspace that it names", async () => {
  const before = denied().length
  const token = forged({ workspace: draft.root.workspaceId, api_key_id: "a".repeat(16) })
  const answer = await apiCall(server.url, { path: "/v1/clients", token })
  assert.equal(answer.status, 401)
  await until(before + 1)
  const [entry] = since(before)
  assert.deepEqual([entry?.action, entry?.code, entry?.apiKeyId], ["client.list", "invalid_token", undefined])
  assert.equal(entry?.requestId, answer.headers.get("halfkey-request-id"))
  const elsewhere = await apiCall(server.url, { path: "/v1/clients", token: forged({ workspace: "Z".repeat(26) }) })
  assert.equal(elsewhere.status, 401)
})

test("an API key with a wrong secret is noted, and not as if that key had been used", async () => {
  const before = denied().length
  const { apiKey } = admin.parts
  const other = await workspace.withApiKey(draft.admin, {})
  // The id of one key with the secret of another one, which only the server can tell.
  const { keyId } = parseApiKey(apiKey)
  const mixed = formatApiKey({ keyId, secret: parseApiKey(other.parts.apiKey).secret })
  const { status } = await admin.requestToken({ api_key: mixed })
  assert.equal(status, 401)
  await until(before + 1)
  const [entry] = since(before)
  assert.deepEqual([entry?.action, entry?.code, entry?.apiKeyId], ["token.issue", "invalid_client", undefined])
  assert.equal(entry?.subject, `wrong secret of ${keyId}`)
})

test("unknown routes and malformed requests of those who are known are noted with who and what", async () => {
  const before = denied().length
  await admin.call("GET", "/v1/nothing/here?secret=1")
  await admin.call("PATCH", "/v1/clients")
  await admin.call("POST", "/v1/secrets/read", { environment: 7 })
  const badHeader = await apiCall(server.url, {
    path: "/v1/clients",
    token: await admin.token(),
    headers: { "halfkey-audit": "who=me" },
  })
  assert.deepEqual([badHeader.status, badHeader.body.code], [400, "invalid_request"])
  await until(before + 4)
  assert.deepEqual(
    since(before).map(({ action, code, subject, clientId }) => [action, code, subject, clientId]),
    [
      ["route.unknown", "route_not_found", "GET /v1/nothing/here", admin.identity.clientId],
      ["route.unknown", "method_not_allowed", "PATCH /v1/clients", admin.identity.clientId],
      ["secret.read", "invalid_request", undefined, admin.identity.clientId],
      ["client.list", "invalid_request", undefined, admin.identity.clientId],
    ],
  )
})

test("what a caller says about its request is in the entry", async () => {
  const headers = { "halfkey-audit": "reason=moving%20house&ticket=OPS-12" }
  const { status } = await apiCall(server.url, { path: "/v1/clients", token: await admin.token(), headers })
  assert.equal(status, 200)
  assert.deepEqual(auditLog(server).at(-1)?.entry.audit, { reason: "moving house", ticket: "OPS-12" })
})

test("a flood is a few entries, and a count when the minute is over", async () => {
  const flooded = await TestServer.start({ after })
  const { draft: target } = await TestWorkspace.create(flooded, ["production"])
  const entries = () => auditLog(flooded).filter(({ entry }) => entry.outcome === "denied")
  const token = forged({ workspace: target.root.workspaceId })
  const count = 300
  for (let sent = 0; sent < count; sent += 20) {
    await Promise.all(Array.from({ length: 20 }, () => apiCall(flooded.url, { path: "/v1/clients", token })))
  }
  for (let sent = 0; sent < 5; sent++) await apiCall(flooded.url, { path: "/v1/keysets", token })
  assert.ok(entries().length <= 10)
  const { databasePath, postgresUrl } = flooded
  await flooded.stop()
  const all = auditLog({ databasePath, postgresUrl })
    .map(({ entry }) => entry)
    .filter(({ outcome }) => outcome === "denied")
  assert.equal(all.length, 12)
  assert.deepEqual(
    all.slice(10).map((entry) => [entry.action, entry.count]),
    [
      ["client.list", count - 10],
      ["keyset.list", 5],
    ],
  )
  assert.ok((all[10]?.since ?? "") <= (all[10]?.time ?? ""))
})

test("who was revoked and still has a token fills no disk: a few entries with its name, and a count", async () => {
  const flooded = await TestServer.start({ after })
  const place = await TestWorkspace.create(flooded, ["production"])
  const client = await place.createClient({ production: "read" })
  const token = await client.token()
  await place.admin.expect("DELETE", `/v1/clients/${client.identity.clientId}`)
  for (let sent = 0; sent < 100; sent += 20) {
    const answers = Array.from({ length: 20 }, () => apiCall(flooded.url, { path: "/v1/keysets", token }))
    for (const { body } of await Promise.all(answers)) assert.equal(body.code, "client_revoked")
  }
  const { databasePath, postgresUrl } = flooded
  await flooded.stop()
  const entries = auditLog({ databasePath, postgresUrl })
    .map(({ entry }) => entry)
    .filter(({ outcome }) => outcome === "denied")
  assert.equal(entries.length, 11)
  assert.ok(entries.every(({ clientId, code }) => clientId === client.identity.clientId && code === "client_revoked"))
  assert.equal(entries.at(-1)?.count, 90)
})
