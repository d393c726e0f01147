/**
 * Every route against every caller who must not use it. The routes come from the server itself: one that has no case
 * here, or no rule, fails. The same routes against every kind of narrowed API key.
 */
import assert from "node:assert/strict"
import { after, test } from "node:test"
import { ClientIdentity } from "@halfkey/core/client/client-identity"
import { addMember, newKeyset } from "@halfkey/core/client/membership"
import { nextRoster } from "@halfkey/core/client/roster-changes"
import { manifestFormat } from "@halfkey/core/formats/manifest"
import { rosterFormat } from "@halfkey/core/formats/roster"
import { roleScopes, type Scope, writingScopes } from "@halfkey/core/formats/scopes"
import { toBase64Url } from "@halfkey/core/primitives/bytes"
import { systemRandom } from "@halfkey/core/primitives/random"
import { type RuledAction, rules } from "../services/rules.ts"
import { type ApiAnswer, apiCall } from "../testing/api-call.ts"
import { type NarrowedCaller, narrowedCallers } from "../testing/narrowed-callers.ts"
import { TestDevice } from "../testing/test-device.ts"
import { TestServer } from "../testing/test-server.ts"
import { changeToWire, newClientToWire, TestWorkspace } from "../testing/test-workspace.ts"
import type { DeclaredRoute } from "./route-access.ts"

const clock = { aheadMs: 0 }
const server = await TestServer.start(
  { after },
  { env: { HALFKEY_TRUSTED_PROXIES: "127.0.0.1" }, now: () => Date.now() + clock.aheadMs },
)
const environment = "only-here"
const workspace = await TestWorkspace.create(server, [environment, "elsewhere"])
const { admin, draft } = workspace
await server.newSetupToken()
const other = await TestWorkspace.create(server, ["theirs"])
await admin.set(environment, { A: "value" })
const { keysetId } = await admin.keyset(environment)

interface Request {
  readonly path: string
  readonly body?: unknown
}

interface Case {
  /** A request that the admin may make; made anew for each caller. */
  readonly request: () => Request | Promise<Request>
  /** What an admin of another workspace gets for it; `own`: its own workspace's things, nothing of this one. */
  readonly foreign: readonly [status: number, code: string] | "own"
  /** Reaches seeds or records of the environment, so needs a grant; or its documents, which are for members and admins. */
  readonly environment?: "data" | "documents"
  /** One of these, where the service asks for more than the rule. */
  readonly serviceNeeds?: readonly Scope[]
}

async function newClientRequest() {
  const identity = await ClientIdentity.create(draft.root.workspaceId, systemRandom)
  const member = { ...(await identity.publicKeys()), mode: "read" as const, label: "new" }
  const change = changeToWire(await addMember(await admin.keyset(environment), member, workspace.signer))
  return { client: await newClientToWire(identity, "new"), keysets: [change] }
}

let made = 0
async function newKeysetRequest() {
  const members = [{ ...(await admin.identity.publicKeys()), mode: "read-write" as const, label: "admin" }]
  made++
  const input = {
    root: draft.root.publicKeys,
    roster: (await admin.keyset(environment)).roster,
    kind: "environment" as const,
    name: `made-${made}`,
    members,
  }
  return changeToWire(await newKeyset(input, workspace.signer, systemRandom))
}

/** The manifest again, under the next revision. */
async function nextManifestRequest() {
  const keyset = await admin.keyset(environment)
  const { signature: _, ...fields } = keyset.manifest
  const next = {
    ...fields,
    revision: fields.revision + 1,
    previousHash: keyset.manifestHash,
    rosterSeq: keyset.roster.seq,
    rosterHash: keyset.rosterHash,
    signerId: workspace.signer.signerId,
  }
  return { manifest: manifestFormat.toJson(manifestFormat.sign(next, workspace.signer.signingKey)), grants: [] }
}

/** The roster again, under the next number. */
async function nextRosterRequest() {
  const { roster } = await admin.keyset(environment)
  return { roster: rosterFormat.toJson(nextRoster(roster, roster.granters, workspace.signer)), keysets: [] }
}

/** Nothing is stale here: what is asked for is there already. */
async function resealRequest() {
  const { writes } = await admin.sealed(environment, { A: "again" })
  const previousHash = toBase64Url(new Uint8Array(32))
  return { environment, writes: writes.map(({ record }) => ({ name: "A", version: 1, previousHash, record })) }
}

async function newApiKeyId(): Promise<string> {
  const body = { label: "another", role: "member", clientId: admin.identity.clientId }
  return (await admin.expect("POST", "/v1/api-keys", body)).apiKey.id
}

const notFound = [404, "keyset_not_found"] as const
const cases: Readonly<Record<string, Case>> = {
  "GET /v1/workspace": { request: () => ({ path: "/v1/workspace" }), foreign: "own" },
  "GET /v1/roster": { request: () => ({ path: "/v1/roster" }), foreign: "own" },
  "PUT /v1/roster": {
    request: async () => ({ path: "/v1/roster", body: await nextRosterRequest() }),
    foreign: [422, "invalid_document"],
  },
  "GET /v1/keysets": { request: () => ({ path: "/v1/keysets" }), foreign: "own" },
  "POST /v1/keysets": {
    request: async () => ({ path: "/v1/keysets", body: await newKeysetRequest() }),
    foreign: [422, "invalid_document"],
  },
  "GET /v1/keysets/:id": {
    request: () => ({ path: `/v1/keysets/${keysetId}` }),
    foreign: notFound,
    environment: "documents",
  },
  "PUT /v1/keysets/:id": {
    request: async () => ({ path: `/v1/keysets/${keysetId}`, body: await nextManifestRequest() }),
    foreign: notFound,
  },
  "POST /v1/keysets/:id/self-wraps": {
    request: () => ({
      path: `/v1/keysets/${keysetId}/self-wraps`,
      body: { selfWraps: [{ epoch: 1, selfWrap: toBase64Url(new Uint8Array(60)) }] },
    }),
    foreign: notFound,
    environment: "data",
  },
  "POST /v1/keysets/:id/data-keys/generate": {
    request: () => ({ path: `/v1/keysets/${keysetId}/data-keys/generate`, body: { count: 1 } }),
    foreign: notFound,
    environment: "data",
  },
  "POST /v1/keysets/:id/data-keys/retrieve": {
    request: () => ({
      path: `/v1/keysets/${keysetId}/data-keys/retrieve`,
      body: { groups: [{ epoch: 1, keyIds: toBase64Url(new Uint8Array(16)) }] },
    }),
    foreign: notFound,
    environment: "data",
  },
  "POST /v1/secrets/read": {
    request: () => ({ path: "/v1/secrets/read", body: { environment: keysetId, secrets: [{ name: "A" }] } }),
    foreign: notFound,
    environment: "data",
  },
  "POST /v1/secrets/prepare": {
    request: () => ({ path: "/v1/secrets/prepare", body: { environment, names: ["A"] } }),
    foreign: notFound,
    environment: "data",
  },
  "POST /v1/secrets/commit": {
    request: async () => ({ path: "/v1/secrets/commit", body: await admin.sealed(environment, { A: "again" }) }),
    foreign: notFound,
    environment: "data",
  },
  "POST /v1/secrets/stale": {
    request: () => ({ path: "/v1/secrets/stale", body: { environment } }),
    foreign: notFound,
    environment: "data",
  },
  "POST /v1/secrets/reseal": {
    request: async () => ({ path: "/v1/secrets/reseal", body: await resealRequest() }),
    foreign: notFound,
    environment: "data",
  },
  "GET /v1/secrets": {
    request: () => ({ path: `/v1/secrets?environment=${environment}` }),
    foreign: notFound,
    environment: "data",
  },
  "GET /v1/secrets/:name/versions": {
    request: () => ({ path: `/v1/secrets/A/versions?environment=${environment}` }),
    foreign: notFound,
    environment: "data",
  },
  "GET /v1/clients": { request: () => ({ path: "/v1/clients" }), foreign: "own" },
  "POST /v1/clients": {
    request: async () => ({ path: "/v1/clients", body: await newClientRequest() }),
    foreign: [422, "invalid_document"],
  },
  "DELETE /v1/clients/:id": {
    request: async () => ({ path: `/v1/clients/${(await workspace.createClient({})).identity.clientId}` }),
    foreign: [404, "client_not_found"],
  },
  "GET /v1/devices": { request: () => ({ path: "/v1/devices" }), foreign: "own" },
  "DELETE /v1/devices/:id": {
    serviceNeeds: ["client:revoke"],
    request: async () => {
      const device = await TestDevice.make(workspace)
      await device.letIn({})
      return { path: `/v1/devices/${device.request.clientId}` }
    },
    foreign: [404, "device_not_found"],
  },
  "GET /v1/api-keys": { request: () => ({ path: "/v1/api-keys" }), foreign: "own" },
  "POST /v1/api-keys": {
    request: () => ({
      path: "/v1/api-keys",
      body: { label: "new", role: "member", clientId: admin.identity.clientId },
    }),
    foreign: [404, "client_not_found"],
  },
  // Its own log holds what it asked of this workspace, so only a part is looked at.
  "GET /v1/audit/entries": { request: () => ({ path: "/v1/audit/entries?action=audit.read" }), foreign: "own" },
  "GET /v1/audit/checkpoint": { request: () => ({ path: "/v1/audit/checkpoint" }), foreign: "own" },
  "GET /v1/audit/proof": { request: () => ({ path: "/v1/audit/proof?from=1&to=1" }), foreign: "own" },
  "POST /v1/api-keys/:id/rotate": {
    request: async () => ({ path: `/v1/api-keys/${await newApiKeyId()}/rotate`, body: { overlapSeconds: 60 } }),
    foreign: [404, "api_key_not_found"],
  },
  "DELETE /v1/api-keys/:id": {
    request: async () => ({ path: `/v1/api-keys/${await newApiKeyId()}` }),
    foreign: [404, "api_key_not_found"],
  },
}

/** Routes that need no access token, and so no case. A new one must be added here by somebody who thought about it. */
const withoutToken = [
  "GET /.well-known/halfkey",
  "GET /.well-known/jwks.json",
  "GET /docs",
  "GET /healthz",
  "GET /metrics",
  "GET /openapi.json",
  "GET /readyz",
  "POST /oauth/token",
  "POST /v1/devices",
  "POST /v1/recovery/commit",
  "POST /v1/recovery/read",
  "POST /v1/workspaces",
]

const nameOf = ({ method, path }: DeclaredRoute) => `${method} ${path}`
const { routes } = server.running
const guarded = routes.flatMap((route) =>
  route.access.kind === "access-token" ? [{ route, action: route.access.action }] : [],
)

const member = await workspace.createClient({ [environment]: "read-write" })
const elsewhere = await workspace.createClient({ elsewhere: "read-write" })
const revokedClient = await workspace.createClient({ [environment]: "read-write" }, { role: "admin" })
await revokedClient.token()
await admin.expect("DELETE", `/v1/clients/${revokedClient.identity.clientId}`)
const revokedKey = await workspace.withApiKey(draft.admin, { role: "admin" })
await revokedKey.token()
await admin.expect("DELETE", `/v1/api-keys/${revokedKey.parts.apiKey.slice(5, 21)}`)
const readOnly = await workspace.withApiKey(draft.admin, { role: "admin", readOnly: true })
const narrowed = await workspace.withApiKey(draft.admin, { role: "admin", environments: ["elsewhere"] })
const control = await workspace.withApiKey(draft.admin, { role: "control" })
const controlAlone = await workspace.withApiKey(undefined, { role: "control" })
const narrowedKeys = await narrowedCallers(workspace, environment, "elsewhere")

function refused(answer: ApiAnswer, status: number, code: string, who: string): void {
  assert.deepEqual([answer.status, answer.body.code], [status, code], `${who}: ${JSON.stringify(answer.body)}`)
  assert.match(answer.headers.get("content-type") ?? "", /^application\/problem\+json/)
}

const allows = (scopes: readonly Scope[], wanted: readonly Scope[]) => wanted.some((scope) => scopes.includes(scope))

test("every route with an access token has a case, and every other one is listed", () => {
  assert.deepEqual(guarded.map(({ route }) => nameOf(route)).sort(), Object.keys(cases).sort())
  const others = routes.filter(({ access }) => access.kind !== "access-token")
  assert.deepEqual(others.map(nameOf).sort(), withoutToken)
  for (const { access } of others) if (access.kind === "public") assert.ok(access.reason.length > 10)
})

test("every rule is used by a route", () => {
  const used = new Set(guarded.map(({ action }) => action))
  assert.deepEqual(
    Object.keys(rules).filter((action) => !used.has(action as RuledAction)),
    [],
  )
})

test("the token endpoint holds every narrowing of an API key", async () => {
  for (const caller of narrowedKeys) {
    // What is refused everywhere is refused here, too; RFC 6749 has no 403.
    const expected = caller.expected({ scopes: ["workspace:read"], refusedTo: undefined, inEnvironment: false })
    clock.aheadMs = caller.aheadMs ?? 0
    const { status, body } = await caller.client.requestToken({}, caller.headers)
    clock.aheadMs = 0
    if (expected !== "served") {
      assert.deepEqual([status, body.code], [expected[0] === 403 ? 400 : expected[0], expected[1]], caller.who)
    } else assert.equal(status, 200, `${caller.who}: ${JSON.stringify(body)}`)
    if (!caller.who.startsWith("read-only")) continue
    const writing = body.scope.split(" ").filter((scope: Scope) => writingScopes.has(scope))
    assert.deepEqual(writing, [], caller.who)
    const more = await caller.client.requestToken({ scope: "secret:write" })
    assert.deepEqual([more.status, more.body.code], [400, "insufficient_scope"], caller.who)
  }
})

for (const { route, action } of guarded) {
  const name = nameOf(route)
  const rule = rules[action]
  const given = cases[name]
  if (given === undefined) continue
  const send = async (token: string | undefined, { headers = {}, aheadMs = 0 }: Partial<NarrowedCaller> = {}) => {
    const { path, body } = await given.request()
    clock.aheadMs = aheadMs
    try {
      return await apiCall(server.url, { method: route.method, path, token, body, headers })
    } finally {
      clock.aheadMs = 0
    }
  }

  test(`${name} refuses whoever may not`, async () => {
    refused(await send(undefined), 401, "invalid_token", "no token")
    refused(await send("garbage"), 401, "invalid_token", "garbage")
    refused(await send(`${await admin.token()}x`), 401, "invalid_token", "a changed token")
    refused(await send(await revokedClient.token()), 401, "client_revoked", "revoked client")
    refused(await send(await revokedKey.token()), 401, "api_key_revoked", "revoked API key")

    const foreign = await send(await other.admin.token())
    if (given.foreign === "own") {
      assert.equal(foreign.status, 200)
      const text = JSON.stringify(foreign.body)
      for (const ours of [
        draft.root.workspaceId,
        admin.identity.clientId,
        environment,
        admin.parts.apiKey.slice(5, 21),
      ]) {
        assert.ok(!text.includes(ours), `another workspace's admin saw ${ours}`)
      }
    } else refused(foreign, ...given.foreign, "another workspace")

    if (!allows(roleScopes.member, rule.scopes))
      refused(await send(await member.token()), 403, "insufficient_scope", "member")
    if (!allows(roleScopes.control, rule.scopes))
      refused(await send(await control.token()), 403, "insufficient_scope", "control")
    else if (rule.client)
      refused(await send(await controlAlone.token()), 403, "client_required", "control without client")

    if (rule.scopes.every((scope) => writingScopes.has(scope))) {
      refused(await send(await readOnly.token()), 403, "api_key_restricted", "read-only key")
    }
    if (rule.refusedTo !== undefined || given.environment !== undefined || name === "PUT /v1/keysets/:id") {
      refused(await send(await narrowed.token()), 403, "api_key_restricted", "key for another environment")
    }
    if (given.environment !== undefined)
      refused(await send(await elsewhere.token()), 404, "keyset_not_found", "client without a grant")
  })

  test(`${name} holds every narrowing of an API key`, async () => {
    const inEnvironment = given.environment !== undefined || name === "PUT /v1/keysets/:id"
    for (const caller of narrowedKeys) {
      const scopes = given.serviceNeeds ?? rule.scopes
      const expected = caller.expected({ scopes, refusedTo: rule.refusedTo, inEnvironment })
      const answer = await send(caller.token, caller)
      if (expected !== "served") refused(answer, ...expected, caller.who)
      else assert.ok(answer.status < 300, `${caller.who}: ${JSON.stringify(answer.body)}`)
      const { hidden } = caller
      if (hidden !== undefined && expected === "served") {
        assert.ok(!JSON.stringify(answer.body).includes(hidden), `${caller.who}: it saw ${hidden}`)
      }
    }
  })

  test(`${name} serves the admin, so that it was not the request that was refused`, async () => {
    const answer = await send(await admin.token())
    assert.ok(answer.status < 300, JSON.stringify(answer.body))
    assert.match(answer.headers.get("halfkey-receipt") ?? "", /^[\w-]{43}$/)
  })
}
