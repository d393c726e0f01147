import assert from "node:assert/strict"
import { after, test } from "node:test"
import { ClientIdentity } from "@halfkey/core/client/client-identity"
import { toBase64Url, utf8 } from "@halfkey/core/primitives/bytes"
import { systemRandom } from "@halfkey/core/primitives/random"
import { decodeJwt, decodeProtectedHeader, generateKeyPair, SignJWT } from "jose"
import { type ApiAnswer, apiCall } from "../../testing/api-call.ts"
import { auditLog } from "../../testing/audit-log.ts"
import { TestServer } from "../../testing/test-server.ts"
import { TestWorkspace } from "../../testing/test-workspace.ts"

let clock = Date.now()
const server = await TestServer.start({ after }, { now: () => clock })
const workspace = await TestWorkspace.create(server)
const { admin, draft } = workspace
const seconds = () => Math.floor(clock / 1000)

/** An assertion of the admin, with claims and header replaced. */
function assertion(claims: object = {}, header: object = {}, identity: ClientIdentity = draft.admin): string {
  const usual = {
    iss: identity.clientId,
    sub: identity.clientId,
    aud: draft.crn,
    jti: toBase64Url(systemRandom(16)),
    iat: seconds(),
    exp: seconds() + 60,
  }
  const part = (value: object) => toBase64Url(utf8(JSON.stringify(value)))
  const signed = `${part({ alg: "Ed25519", typ: "client-authentication+jwt", ...header })}.${part({ ...usual, ...claims })}`
  return `${signed}.${toBase64Url(identity.signingKey.sign(utf8(signed)))}`
}

const tokenWith = (form: Readonly<Record<string, string>>) => admin.requestToken(form)

function refused(answer: ApiAnswer, status: number, error: string, code: string, message?: RegExp): void {
  assert.deepEqual(
    [answer.status, answer.body.error, answer.body.code],
    [status, error, code],
    JSON.stringify(answer.body),
  )
  if (message !== undefined) assert.match(answer.body.error_description, message)
  assert.equal(answer.body.requestId, answer.headers.get("halfkey-request-id"))
  assert.equal(answer.body.access_token, undefined)
}

test("issues a token of RFC 9068 form that lives 15 minutes", async () => {
  const { status, headers, body } = await tokenWith({ client_assertion: assertion() })
  assert.equal(status, 200)
  assert.equal(headers.get("cache-control"), "no-store")
  assert.deepEqual([body.token_type, body.expires_in], ["Bearer", 900])
  const { alg, typ, kid } = decodeProtectedHeader(body.access_token)
  assert.deepEqual([alg, typ], ["Ed25519", "at+jwt"])
  const jwks = await apiCall(server.url, { path: "/.well-known/jwks.json" })
  assert.ok(jwks.body.keys.some((key: { kid: string }) => key.kid === kid))
  const { iat, exp, jti, iss, ...claims } = decodeJwt(body.access_token)
  assert.equal((exp ?? 0) - (iat ?? 0), 900)
  assert.ok(jti)
  assert.equal(iss, "halfkey:local.self")
  assert.deepEqual(claims, {
    sub: draft.admin.clientId,
    aud: draft.crn,
    client_id: draft.admin.clientId,
    scope: body.scope,
    workspace: draft.root.workspaceId,
    api_key_id: admin.parts.apiKey.slice(5, 21),
  })
  const entry = auditLog(server).find(({ leafHash }) => toBase64Url(leafHash) === headers.get("halfkey-receipt"))?.entry
  assert.deepEqual([entry?.action, entry?.outcome, entry?.clientId], ["token.issue", "allowed", draft.admin.clientId])
})

const stranger = await ClientIdentity.create(draft.root.workspaceId, systemRandom)
const badAssertions: readonly [name: string, assertion: () => string | Promise<string>, message: RegExp][] = [
  ["no JWT", () => "no.jwt", /no JWT/],
  ["another typ", () => assertion({}, { typ: "JWT" }), /its typ/],
  ["no typ", () => assertion({}, { typ: undefined }), /its typ/],
  ["alg none", () => `${assertion({}, { alg: "none" }).split(".").slice(0, 2).join(".")}.`, /alg|malformed/],
  ["the older name of the algorithm", () => assertion({}, { alg: "EdDSA" }), /alg must be Ed25519/],
  ["a MAC over the public key", () => hmacAssertion(), /alg must be Ed25519/],
  ["a critical extension", () => assertion({}, { crit: ["b64"], b64: false }), /malformed|refused/],
  [
    "another signer",
    () => assertion({ iss: draft.admin.clientId, sub: draft.admin.clientId }, {}, stranger),
    /not signed with this client's key/,
  ],
  ["a key in its header", () => selfSigned(), /not signed with this client's key/],
  ["iss that is no client", () => assertion({ iss: "admin" }), /no client id/],
  ["sub of another client", () => assertion({ sub: stranger.clientId }), /its sub/],
  ["no sub", () => assertion({ sub: undefined }), /its sub/],
  ["aud of another workspace", () => assertion({ aud: draft.crn.replace(/.{4}$/, "AAAA") }), /its aud/],
  ["several aud", () => assertion({ aud: [draft.crn, "https://example.org"] }), /its aud/],
  ["no aud", () => assertion({ aud: undefined }), /its aud/],
  ["no jti", () => assertion({ jti: undefined }), /its jti/],
  ["a jti that is a number", () => assertion({ jti: 7 }), /its jti/],
  ["a short jti", () => assertion({ jti: "short" }), /its jti/],
  ["a jti with a space", () => assertion({ jti: "0123456789 abcdef" }), /its jti/],
  ["no exp", () => assertion({ exp: undefined }), /its exp/],
  ["no iat", () => assertion({ iat: undefined }), /its iat/],
  ["a life of 61 seconds", () => assertion({ exp: seconds() + 61 }), /within 60 seconds/],
  ["an end before its beginning", () => assertion({ iat: seconds() + 30, exp: seconds() + 20 }), /within 60 seconds/],
  ["expired by more than the skew", () => assertion({ iat: seconds() - 121, exp: seconds() - 61 }), /expired/],
  [
    "issued in the future by more than the skew",
    () => assertion({ iat: seconds() + 62, exp: seconds() + 100 }),
    /its iat/,
  ],
  ["changed after it was signed", () => tampered(), /not signed with this client's key/],
]

for (const [name, make, message] of badAssertions) {
  test(`refuses an assertion: ${name}`, async () => {
    refused(await tokenWith({ client_assertion: await make() }), 401, "invalid_client", "invalid_client", message)
  })
}

/** The classic: the verifier takes the public key for a shared secret. */
function hmacAssertion(): Promise<string> {
  const key = utf8(toBase64Url(draft.admin.signingKey.publicKey))
  const claims = {
    iss: draft.admin.clientId,
    sub: draft.admin.clientId,
    aud: draft.crn,
    jti: "0123456789",
    iat: seconds(),
    exp: seconds() + 60,
  }
  return new SignJWT(claims).setProtectedHeader({ alg: "HS256", typ: "client-authentication+jwt" }).sign(key)
}

/** Signed by whoever, who sends the key along. */
async function selfSigned(): Promise<string> {
  const { privateKey, publicKey } = await generateKeyPair("Ed25519", { extractable: true })
  const jwk = {
    kty: "OKP",
    crv: "Ed25519",
    x: toBase64Url(new Uint8Array(await crypto.subtle.exportKey("raw", publicKey))),
  }
  const claims = {
    iss: draft.admin.clientId,
    sub: draft.admin.clientId,
    aud: draft.crn,
    jti: "0123456789",
    iat: seconds(),
    exp: seconds() + 60,
  }
  return new SignJWT(claims)
    .setProtectedHeader({ alg: "Ed25519", typ: "client-authentication+jwt", jwk })
    .sign(privateKey)
}

function tampered(): string {
  const [header, , signature] = assertion().split(".")
  const [, claims] = assertion({ jti: "another-one" }).split(".")
  return `${header}.${claims}.${signature}`
}

test("clocks may be 60 seconds apart, either way", async () => {
  for (const skew of [-59, 59]) {
    const claims = { iat: seconds() + skew, exp: seconds() + skew + 60 }
    assert.equal((await tokenWith({ client_assertion: assertion(claims) })).status, 200, `${skew}`)
  }
})

test("an assertion works once, also after a restart, until it expires anyway", async () => {
  const once = assertion()
  assert.equal((await tokenWith({ client_assertion: once })).status, 200)
  refused(await tokenWith({ client_assertion: once }), 401, "invalid_client", "invalid_client", /used before/)
  await server.stop()
  await server.startAgain()
  refused(await tokenWith({ client_assertion: once }), 401, "invalid_client", "invalid_client", /used before/)
})

test("of the same assertion sent many times at once one is taken", async () => {
  const once = assertion()
  const answers = await Promise.all(Array.from({ length: 10 }, () => tokenWith({ client_assertion: once })))
  assert.deepEqual(answers.map(({ status }) => status).sort(), [200, ...Array(9).fill(401)])
})

test("refuses API keys that are mistyped, unknown or wrong, and no entry says that one was used", async () => {
  const before = auditLog(server).length
  const { apiKey } = admin.parts
  const typo = apiKey.slice(0, -1) + (apiKey.endsWith("A") ? "B" : "A")
  refused(await tokenWith({ api_key: typo }), 400, "invalid_client", "invalid_key_text", /checksum|characters/)
  const { formatApiKey, parseApiKey } = await import("@halfkey/core/formats/text-keys")
  const { keyId } = parseApiKey(apiKey)
  const guessed = formatApiKey({ keyId, secret: systemRandom(32) })
  refused(await tokenWith({ api_key: guessed }), 401, "invalid_client", "invalid_client", /not one of this server's/)
  const unknown = formatApiKey({ keyId: "aaaaaaaaaaaaaaaa" as typeof keyId, secret: systemRandom(32) })
  refused(await tokenWith({ api_key: unknown }), 401, "invalid_client", "invalid_client", /not one of this server's/)
  assert.ok(
    auditLog(server)
      .slice(before)
      .every(({ entry }) => entry.apiKeyId === undefined && entry.outcome === "denied"),
  )
  const metrics = await apiCall(server.url, { path: "/metrics" })
  assert.match(metrics.body, /halfkey_unauthenticated_total\{code="invalid_client"\} 2/)
})

test("a refusal of somebody who holds the API key is written down", async () => {
  // Of a key that was not refused as often as the others here have been: many refusals become one entry.
  const fresh = await workspace.withApiKey(draft.admin, { role: "admin" })
  const answer = await fresh.requestToken({ client_assertion: assertion({ aud: "crn:other" }) })
  const entries = auditLog(server).filter(({ entry }) => entry.requestId === answer.body.requestId)
  assert.deepEqual(
    entries.map(({ entry }) => [entry.action, entry.outcome, entry.code]),
    [["token.issue", "denied", "invalid_client"]],
  )
})

test("an API key is bound to its client, and without a client only a control key gets a token", async () => {
  const other = await workspace.createClient({ staging: "read" })
  const foreign = workspace.client(other.identity, admin.parts.apiKey)
  refused(await foreign.requestToken(), 401, "invalid_client", "invalid_client", /bound to another client/)
  const alone = workspace.client(undefined, admin.parts.apiKey)
  refused(await alone.requestToken(), 401, "invalid_client", "invalid_client", /needs a client assertion/)
  const control = await workspace.withApiKey(undefined, { role: "control" })
  const { status, body } = await control.requestToken()
  assert.equal(status, 200)
  const claims = decodeJwt(body.access_token)
  assert.equal(claims["client_id"], undefined)
  assert.doesNotMatch(body.scope, /secret|data_key|api_key/)
  const unbound = await admin.call("POST", "/v1/api-keys", { label: "x", role: "member", clientId: null })
  assert.deepEqual([unbound.status, unbound.body.code], [400, "invalid_request"])
})

test("scope only narrows", async () => {
  const less = await tokenWith({ client_assertion: assertion(), scope: "secret:read keyset:list" })
  assert.equal(less.body.scope, "secret:read keyset:list")
  const token = less.body.access_token
  const write = await apiCall(server.url, {
    method: "POST",
    path: "/v1/secrets/prepare",
    token,
    body: { environment: "staging", names: ["A"] },
  })
  assert.deepEqual([write.status, write.body.code], [403, "insufficient_scope"])
  const member = await workspace.createClient({ staging: "read" })
  refused(await member.requestToken({ scope: "secret:read client:list" }), 400, "invalid_scope", "insufficient_scope")
  refused(await member.requestToken({ scope: "everything" }), 400, "invalid_scope", "insufficient_scope")
  refused(await member.requestToken({ scope: " " }), 400, "invalid_scope", "insufficient_scope")
})

test("takes the form of RFC 6749 and nothing else", async () => {
  const form = (body: string, type = "application/x-www-form-urlencoded") =>
    apiCall(server.url, { method: "POST", path: "/oauth/token", body, headers: { "content-type": type } })
  refused(await form("grant_type=password&api_key=x"), 400, "unsupported_grant_type", "invalid_request")
  refused(await form("grant_type=client_credentials"), 400, "invalid_request", "invalid_request", /api_key/)
  refused(
    await form("grant_type=client_credentials&api_key=a&api_key=b"),
    400,
    "invalid_request",
    "invalid_request",
    /twice/,
  )
  refused(await form("grant_type=client_credentials&api_key="), 400, "invalid_request", "invalid_request", /api_key/)
  refused(await form("{}", "application/json"), 415, "invalid_request", "unsupported_media_type")
  refused(await form(`api_key=${"x".repeat(20_000)}`), 413, "invalid_request", "payload_too_large")
  refused(
    await form("grant_type=client_credentials&api_key=x&__proto__=y&constructor=z"),
    400,
    "invalid_client",
    "invalid_key_text",
  )
  refused(
    await tokenWith({ client_assertion: assertion(), client_assertion_type: "saml" }),
    401,
    "invalid_client",
    "invalid_client",
  )
})

test("a token ends after 15 minutes, and with its API key if that is sooner", async () => {
  const token = (await tokenWith({ client_assertion: assertion() })).body.access_token
  const ask = () => apiCall(server.url, { path: "/v1/workspace", token })
  assert.equal((await ask()).status, 200)
  const soon = await workspace.withApiKey(draft.admin, { expiresAt: new Date(clock + 100_000).toISOString() })
  const client = workspace.client(draft.admin, soon.parts.apiKey)
  const short = await client.requestToken({ client_assertion: assertion() })
  assert.ok(short.body.expires_in <= 100)
  clock += 899_000
  assert.equal((await ask()).status, 200)
  const expired = await apiCall(server.url, { path: "/v1/workspace", token: short.body.access_token })
  assert.equal(expired.status, 401)
  clock += 2000
  const answer = await ask()
  assert.deepEqual([answer.status, answer.body.code], [401, "invalid_token"])
  refused(
    await client.requestToken({ client_assertion: assertion() }),
    401,
    "invalid_client",
    "api_key_revoked",
    /expired/,
  )
})

test("used assertions are forgotten when they have expired", async () => {
  const { default: Database } = await import("better-sqlite3")
  const count = () => {
    const db = new Database(`${server.dataDirectory}/halfkey.db`, { readonly: true })
    const { n } = db.prepare("select count(*) as n from used_assertions").get() as { n: number }
    db.close()
    return n
  }
  assert.ok(count() > 1)
  clock += 500_000
  assert.equal((await tokenWith({ client_assertion: assertion() })).status, 200)
  assert.equal(count(), 1)
})
