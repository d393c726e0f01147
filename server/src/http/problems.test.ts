import assert from "node:assert/strict"
import { connect } from "node:net"
import { after, test } from "node:test"
import { problemCodes } from "@halfkey/core/formats/problem-codes"
import { apiCall } from "../testing/api-call.ts"
import { TestServer } from "../testing/test-server.ts"
import { TestWorkspace } from "../testing/test-workspace.ts"

const server = await TestServer.start({ after })
const workspace = await TestWorkspace.create(server)
const { admin } = workspace
const token = await admin.token()
/** Put wherever a request can hold text; must come back nowhere and stay out of the logs. */
const canary = "CANARY-5e1f"

const post = (body: string, headers: Record<string, string> = {}, path = "/v1/secrets/read") =>
  apiCall(server.url, {
    method: "POST",
    path,
    token,
    body,
    headers: { "content-type": "application/json", ...headers },
  })

test("what cannot be read is a problem document, and quotes nothing", async () => {
  const cases: [body: string, headers: Record<string, string>, status: number, code: string][] = [
    [`{"environment": ${canary}`, {}, 400, "invalid_request"],
    ["", {}, 400, "invalid_request"],
    [`"${canary}"`, {}, 400, "invalid_request"],
    [`{"environment": ["${canary}"]}`, {}, 400, "invalid_request"],
    [`{"environment": "staging", "secrets": [{"name": {"${canary}": 1}}]}`, {}, 400, "invalid_request"],
    [`{"environment": "staging", "secrets": [{"name": "${canary} with a space"}]}`, {}, 400, "invalid_secret_name"],
    [`{"environment": "${canary}"}`, {}, 404, "keyset_not_found"],
    [`{"__proto__": {"x": "${canary}"}}`, {}, 400, "invalid_request"],
    [`a=${canary}`, { "content-type": "application/x-www-form-urlencoded" }, 415, "unsupported_media_type"],
    [canary, { "content-type": "text/plain" }, 415, "unsupported_media_type"],
    [`{"environment": "${"x".repeat(1_100_000)}"}`, {}, 413, "payload_too_large"],
  ]
  for (const [body, headers, status, code] of cases) {
    const answer = await post(body, headers)
    assert.deepEqual([answer.status, answer.body.code], [status, code], body.slice(0, 60))
    assert.match(answer.headers.get("content-type") ?? "", /^application\/problem\+json/)
    assert.equal(answer.body.type, `urn:halfkey:problem:${code}`)
    assert.equal(answer.body.title, problemCodes[code as keyof typeof problemCodes].title)
    assert.equal(answer.body.requestId, answer.headers.get("halfkey-request-id"))
    // A name that is printable is shown to whoever sent it; nothing else is.
    if (code !== "invalid_secret_name") assert.ok(!JSON.stringify(answer.body).includes(canary), code)
  }
})

test("unknown routes and methods are told apart", async () => {
  const unknown = await apiCall(server.url, { path: `/v1/${canary}` })
  assert.deepEqual([unknown.status, unknown.body.code], [404, "route_not_found"])
  const wrong = await apiCall(server.url, { method: "PATCH", path: "/v1/keysets/x" })
  assert.deepEqual([wrong.status, wrong.body.code, wrong.headers.get("allow")], [405, "method_not_allowed", "GET, PUT"])
  const encoded = await apiCall(server.url, { path: "/v1/secrets/%E0%A4%A/versions?environment=staging", token })
  assert.deepEqual([encoded.status, encoded.body.code], [400, "invalid_request"])
})

test("query strings are read as what they stand for", async () => {
  const list = (query: string) => admin.call("GET", `/v1/secrets?environment=staging&${query}`)
  assert.equal((await list("limit=5&deleted=true")).status, 200)
  for (const query of ["limit=0", "limit=1001", "limit=1.5", "limit=x", "deleted=1", "environment=x"]) {
    const answer = await list(query)
    assert.deepEqual([answer.status, answer.body.code], [400, "invalid_request"], query)
  }
})

test("every answer names its request, and is neither cached nor sniffed", async () => {
  for (const path of ["/healthz", "/v1/nothing", "/v1/keysets"]) {
    const { headers } = await apiCall(server.url, { path })
    assert.match(headers.get("halfkey-request-id") ?? "", /^[\w-]{20}$/)
    assert.equal(headers.get("cache-control"), "no-store")
    assert.equal(headers.get("x-content-type-options"), "nosniff")
  }
})

test("bytes that are no HTTP are answered and logged without them", async () => {
  const { port } = server.running.address
  const answer = await new Promise<string>((resolve, reject) => {
    const socket = connect(port, "127.0.0.1", () => socket.write(`GET ${canary}\r\n\r\n`))
    let text = ""
    socket.on("data", (chunk) => {
      text += chunk
    })
    socket.on("close", () => resolve(text))
    socket.on("error", reject)
  })
  assert.match(answer, /^HTTP\/1\.1 400/)
  assert.ok(!answer.includes(canary))
})

test("the log has a line for each request, by pattern, and no secret of any kind", async () => {
  await admin.set("staging", { [`LOGGED_${canary.replace("-", "_")}`]: canary })
  await admin.call("GET", `/v1/secrets/${encodeURIComponent("LOGGED")}/versions?environment=staging`)
  await apiCall(server.url, {
    path: `/v1/keysets?token=${canary}`,
    token,
    headers: { cookie: canary, "user-agent": canary },
  })
  const lines = server.log
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line))
  const requests = lines.filter(({ msg }) => msg === "request")
  const read = requests.find(({ route, status }) => route === "/v1/secrets/:name/versions" && status === 404)
  assert.deepEqual(Object.keys(read).sort(), [
    "apiKeyId",
    "clientId",
    "level",
    "method",
    "ms",
    "msg",
    "requestId",
    "route",
    "status",
    "time",
  ])
  assert.equal(read.clientId, admin.identity.clientId)
  for (const secret of [
    canary,
    canary.replace("-", "_"),
    token,
    admin.parts.apiKey,
    admin.identity.clientKeyText(),
    "Bearer",
    "hkst_",
  ]) {
    assert.ok(!server.log.includes(secret), `the log holds ${secret.slice(0, 12)}`)
  }
})
