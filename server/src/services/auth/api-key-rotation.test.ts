/** Rotating API keys (S8): what the new one is, what is left of the old one, and who may. */
import assert from "node:assert/strict"
import { after, test } from "node:test"
import type { ApiKey } from "@halfkey/core/wire/clients"
import { auditLog } from "../../testing/audit-log.ts"
import type { TestClient } from "../../testing/test-client.ts"
import { TestServer } from "../../testing/test-server.ts"
import { TestWorkspace } from "../../testing/test-workspace.ts"

const clock = { aheadMs: 0 }
const server = await TestServer.start({ after }, { now: () => Date.now() + clock.aheadMs })
const workspace = await TestWorkspace.create(server)
const { admin, draft } = workspace
await admin.set("staging", { A: "s" })

const idOf = ({ parts }: TestClient) => parts.apiKey.slice(5, 21)
const rotate = (client: TestClient, id: string, body: unknown = {}) =>
  client.call("POST", `/v1/api-keys/${id}/rotate`, body)
const read = (client: TestClient) =>
  client.call("POST", "/v1/secrets/read", { environment: "staging", secrets: [{ name: "A" }] })
const listed = async (id: string): Promise<ApiKey> => {
  const { apiKeys } = await admin.expect("GET", "/v1/api-keys")
  return apiKeys.find((each: ApiKey) => each.id === id)
}
const codeOf = ({ status, body }: { status: number; body: { code?: string } }) => [status, body.code]

test("the new key is the old one in everything but its secret, and both work until the overlap ends", async () => {
  const expiresAt = new Date(Date.now() + 7 * 86_400_000).toISOString()
  const narrowing = { readOnly: true, environments: ["staging"], networks: ["127.0.0.0/8", "::1/128"], expiresAt }
  const old = await workspace.withApiKey(draft.admin, { label: "report", ...narrowing })
  const { id: _, createdAt: __, lastUsedAt: ___, ...before } = await listed(idOf(old))
  const answer = await rotate(admin, idOf(old), { overlapSeconds: 3600 })
  assert.equal(answer.status, 201)
  const { apiKey, secret, rotated } = answer.body
  const { id, createdAt, lastUsedAt, ...same } = apiKey
  assert.deepEqual(same, before)
  assert.notEqual(id, idOf(old))
  assert.equal(lastUsedAt, null)
  const end = Date.parse(rotated.expiresAt)
  assert.ok(Math.abs(end - Date.parse(createdAt) - 3_600_000) < 1000)
  assert.deepEqual([rotated.id, rotated.rotatedTo, rotated.revokedAt], [idOf(old), id, null])
  assert.deepEqual(await listed(idOf(old)), rotated)
  const next = workspace.client(draft.admin, secret)
  for (const client of [old, next]) {
    assert.equal((await read(client)).status, 200)
    const write = await client.call("POST", "/v1/secrets/prepare", { environment: "staging", names: ["A"] })
    assert.deepEqual(codeOf(write), [403, "api_key_restricted"])
  }
  clock.aheadMs = 3_600_001
  try {
    const late = { ...old.parts, now: () => Date.now() + clock.aheadMs }
    const token = await workspace.client(late.identity, late.apiKey).requestToken()
    assert.equal(token.body.code, "api_key_revoked")
  } finally {
    clock.aheadMs = 0
  }
})

test("the old key never ends later than it would have, and its own expiry is the new one's", async () => {
  const expiresAt = new Date(Date.now() + 60_000).toISOString()
  const old = await workspace.withApiKey(draft.admin, { expiresAt })
  const { apiKey, rotated } = (await rotate(admin, idOf(old), { overlapSeconds: 86_400 })).body
  assert.deepEqual([apiKey.expiresAt, rotated.expiresAt], [expiresAt, expiresAt])
  // A day is the default.
  const other = await workspace.withApiKey(draft.admin, {})
  const made = (await rotate(admin, idOf(other))).body
  assert.equal(made.apiKey.expiresAt, null)
  assert.equal(Date.parse(made.rotated.expiresAt) - Date.parse(made.apiKey.createdAt), 86_400_000)
})

test("without an overlap the old key and its tokens stop at once, and say what took its place", async () => {
  const old = await workspace.withApiKey(draft.admin, { role: "admin" })
  assert.equal((await read(old)).status, 200)
  // By itself: the answer still comes.
  const { apiKey, secret } = (await rotate(old, idOf(old), { overlapSeconds: 0 })).body
  const answer = await read(old)
  assert.deepEqual(codeOf(answer), [401, "api_key_revoked"])
  assert.equal(answer.body.detail, `the API key ${idOf(old)} was rotated: ${apiKey.id} took its place`)
  assert.equal((await old.requestToken()).body.code, "api_key_revoked")
  assert.equal((await read(workspace.client(draft.admin, secret))).status, 200)
  const own = auditLog(server).filter(({ entry: { subject } }) => subject === `${idOf(old)} to ${apiKey.id}`)
  assert.deepEqual(
    own.map(({ entry: { action, outcome, apiKeyId } }) => [action, outcome, apiKeyId]),
    [["api-key.rotate", "allowed", idOf(old)]],
  )
})

test("a key has one successor, also when many ask at once; the successor can be rotated in turn", async () => {
  const old = await workspace.withApiKey(draft.admin, { role: "admin" })
  const answers = await Promise.all(Array.from({ length: 8 }, () => rotate(admin, idOf(old), { overlapSeconds: 600 })))
  const made = answers.filter(({ status }) => status === 201)
  assert.equal(made.length, 1)
  const successor = made[0]?.body.apiKey.id
  for (const answer of answers.filter((each) => each !== made[0])) {
    assert.deepEqual(codeOf(answer), [409, "already_exists"])
    assert.equal(answer.body.hint, `halfkey keys rotate ${successor} --overlap 0, if nobody got that one`)
  }
  // Where the answer was lost, the key in its overlap can still do so: it is not narrowed by it.
  assert.equal((await rotate(old, successor, { overlapSeconds: 0 })).status, 201)
})

test("what does not work any more is not rotated", async () => {
  const revoked = await workspace.withApiKey(draft.admin, {})
  await admin.expect("DELETE", `/v1/api-keys/${idOf(revoked)}`)
  const orphan = await workspace.createClient({ staging: "read" })
  await admin.expect("DELETE", `/v1/clients/${orphan.identity.clientId}`)
  const expired = await workspace.withApiKey(draft.admin, { expiresAt: new Date(Date.now() + 60_000).toISOString() })
  clock.aheadMs = 60_001
  try {
    for (const client of [revoked, orphan, expired]) {
      assert.deepEqual(codeOf(await rotate(admin, idOf(client))), [400, "invalid_request"])
    }
  } finally {
    clock.aheadMs = 0
  }
  for (const id of ["aaaaaaaaaaaaaaaa", "me"]) {
    assert.deepEqual(codeOf(await rotate(admin, id)), [404, "api_key_not_found"])
  }
  for (const overlapSeconds of [-1, 0.5, 30 * 86_400 + 1, "0"]) {
    assert.deepEqual(codeOf(await rotate(admin, idOf(revoked), { overlapSeconds })), [400, "invalid_request"])
  }
})

test("neither members nor narrowed keys rotate anything, themselves included", async () => {
  const member = await workspace.createClient({ staging: "read-write" })
  assert.deepEqual(codeOf(await rotate(member, idOf(member))), [403, "insufficient_scope"])
  const expiresAt = new Date(Date.now() + 3_600_000).toISOString()
  for (const narrowing of [
    { readOnly: true },
    { environments: ["staging"] },
    { networks: ["127.0.0.1"] },
    { expiresAt },
  ]) {
    const narrowed = await workspace.withApiKey(draft.admin, { role: "admin", ...narrowing })
    for (const target of [narrowed, member]) {
      assert.deepEqual(
        codeOf(await rotate(narrowed, idOf(target))),
        [403, "api_key_restricted"],
        JSON.stringify(narrowing),
      )
    }
  }
  // A token for less than the key has, as automation asks for.
  const token = await admin.requestToken({ scope: "api_key:create" })
  const { apiCall } = await import("../../testing/api-call.ts")
  const path = `/v1/api-keys/${idOf(member)}/rotate`
  const answer = await apiCall(server.url, { method: "POST", path, token: token.body.access_token, body: {} })
  assert.deepEqual(codeOf(answer), [403, "insufficient_scope"])
})

test("a rotation and its keys survive the end of the server", async () => {
  const old = await workspace.withApiKey(draft.admin, { label: "kept" })
  const { apiKey, secret } = (await rotate(admin, idOf(old), { overlapSeconds: 0 })).body
  await server.stop()
  await server.startAgain()
  assert.equal((await read(workspace.client(draft.admin, secret))).status, 200)
  assert.equal((await workspace.client(draft.admin, old.parts.apiKey).requestToken()).body.code, "api_key_revoked")
  assert.equal((await listed(idOf(old))).rotatedTo, apiKey.id)
})
