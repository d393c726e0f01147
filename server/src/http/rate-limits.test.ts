import assert from "node:assert/strict"
import { connect } from "node:net"
import { test } from "node:test"
import { formatApiKey, parseApiKey } from "@halfkey/core/formats/text-keys"
import { type ApiAnswer, apiCall } from "../testing/api-call.ts"
import { auditLog } from "../testing/audit-log.ts"
import { TestServer } from "../testing/test-server.ts"
import { TestWorkspace } from "../testing/test-workspace.ts"

const get = (url: string, token: string) => apiCall(url, { path: "/v1/workspace", token })

/** Asks until it is too often: how soon that is depends on how fast this machine is. */
async function until429(ask: () => Promise<ApiAnswer>, before: readonly number[]): Promise<ApiAnswer> {
  for (let request = 0; request < 1000; request++) {
    const answer = await ask()
    if (answer.status === 429) return answer
    assert.ok(before.includes(answer.status), JSON.stringify(answer.body))
  }
  return assert.fail("it is never too often")
}

test("an API key that asks too often gets 429 with Retry-After, is written down, and others go on", async (context) => {
  const server = await TestServer.start(context, { env: { HALFKEY_RATE_LIMIT: "4" } })
  const { admin } = await TestWorkspace.create(server, ["production"])
  const refused = await until429(() => admin.call("GET", "/v1/workspace"), [200])
  assert.equal(refused.body.code, "rate_limited")
  assert.equal(refused.headers.get("retry-after"), "1")
  assert.match(refused.body.hint, /HALFKEY_RATE_LIMIT/)
  // Tokens are asked for with the same API key.
  const token = await until429(() => admin.requestToken(), [200])
  assert.deepEqual([token.body.code, token.body.error], ["rate_limited", "slow_down"])
  assert.equal((await apiCall(server.url, { path: "/healthz" })).status, 200)
  await server.stop()
  const written = auditLog(server).filter(({ entry }) => JSON.stringify(entry).includes("rate_limited"))
  assert.ok(written.length > 0)
})

test("an address with many refusals is refused unread, but for tokens that are known", async (context) => {
  const server = await TestServer.start(context, { env: { HALFKEY_RATE_LIMIT_REFUSED: "1" } })
  const { admin } = await TestWorkspace.create(server, ["production"])
  const token = await admin.token()
  assert.equal((await get(server.url, token)).status, 200)
  let number = 0
  await until429(() => get(server.url, `${token}${number++}`), [401])
  assert.ok(number > 20, "as many as a burst are looked at")
  // Known tokens and right API keys pass.
  assert.equal((await get(server.url, token)).status, 200)
  assert.equal((await admin.requestToken()).status, 200)
  for (const path of ["/v1/recovery/read", "/v1/workspaces"]) {
    const answer = await until429(() => apiCall(server.url, { method: "POST", path, body: {} }), [401])
    assert.equal(answer.body.code, "rate_limited", path)
    assert.equal(answer.headers.get("retry-after"), "1")
  }
})

test("wrong API keys put an address out at the token endpoint, and right ones are served meanwhile", async (context) => {
  const server = await TestServer.start(context, { env: { HALFKEY_RATE_LIMIT_REFUSED: "1" } })
  const { admin } = await TestWorkspace.create(server, ["production"])
  const { apiKey } = admin.parts
  const wrong = formatApiKey({ keyId: parseApiKey(apiKey).keyId, secret: new Uint8Array(32) })
  const refused = await until429(() => admin.requestToken({ api_key: wrong }), [401])
  assert.deepEqual([refused.body.code, refused.body.error], ["rate_limited", "slow_down"])
  assert.equal(refused.headers.get("retry-after"), "1")
  assert.equal((await admin.requestToken()).status, 200)
})

test("a token that is refused again and again is looked at once", async (context) => {
  const server = await TestServer.start(context)
  const { admin } = await TestWorkspace.create(server, ["production"])
  const wrong = `${(await admin.token()).slice(0, -6)}AAAAAA`
  for (let number = 0; number < 3; number++) {
    const { status, body } = await get(server.url, wrong)
    assert.deepEqual([status, body.code], [401, "invalid_token"])
  }
})

/** Sends headers that announce a large body, and none of it; gives what the server answers. */
function announce(url: string, path: string, token: string): Promise<string> {
  const { hostname, port } = new URL(url)
  return new Promise((resolve, reject) => {
    const socket = connect(Number(port), hostname, () => {
      socket.write(
        `POST ${path} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${token}\r\ncontent-type: application/json\r\ncontent-length: 40000000\r\n\r\n{`,
      )
    })
    socket.setEncoding("utf8").once("data", (text: string) => {
      socket.destroy()
      resolve(text)
    })
    socket.once("error", reject)
  })
}

test("who may not do what a large body asks for is refused before it is read, and that is written", async (context) => {
  const server = await TestServer.start(context)
  const workspace = await TestWorkspace.create(server, ["production"])
  const reader = await workspace.withApiKey(workspace.admin.identity, { readOnly: true })
  const answer = await announce(server.url, "/v1/secrets/commit", await reader.token())
  assert.match(answer, /^HTTP\/1\.1 403 /)
  assert.match(answer, /"code":"api_key_restricted"/)
  await server.stop()
  const written = auditLog(server).map(({ entry }) => JSON.stringify(entry))
  assert.ok(written.some((text) => text.includes("secret.commit") && text.includes("api_key_restricted")))
})
