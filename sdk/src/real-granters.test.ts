/** Rosters against the real server: what it takes, and what it must refuse. */
import assert from "node:assert/strict"
import { after, before, test } from "node:test"
import { ClientIdentity } from "@halfkey/core/client/client-identity"
import { nextRoster } from "@halfkey/core/client/roster-changes"
import type { WorkspaceId } from "@halfkey/core/formats/ids"
import { type Granter, type Roster, rosterFormat } from "@halfkey/core/formats/roster"
import type { SigningKey } from "@halfkey/core/primitives/ed25519"
import type { RosterChange } from "@halfkey/core/wire/workspace"
import { Admin, createWorkspace, type NewWorkspace } from "./admin.ts"
import { Secrets, type SecretsOptions, unwrap } from "./secrets.ts"
import { RealServer } from "./testing/real-server.ts"
import type { Transport } from "./transport.ts"
import { fetchTransport } from "./transport-fetch.ts"

const server = new RealServer()
let workspace: NewWorkspace
let admin: Admin
let second: { readonly clientId: string; readonly admin: Admin; readonly options: SecretsOptions }
/** The last token that the admin used, and the last roster change that was sent. */
let bearer = ""
let change: RosterChange | undefined
const open: { close(): Promise<void> }[] = []

const watched: Transport = async (request) => {
  bearer = request.headers["authorization"] ?? bearer
  if (request.method === "PUT" && request.url.endsWith("/v1/roster")) change = JSON.parse(request.body ?? "")
  return await fetchTransport(request)
}

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
  admin = opened(new Admin(optionsOf(workspace, watched)))
  second = await newClient("second")
})
after(async () => {
  for (const each of open) await each.close()
  await server.stop()
})

function opened<T extends { close(): Promise<void> }>(each: T): T {
  open.push(each)
  return each
}

function optionsOf(credentials: Partial<NewWorkspace>, transport = fetchTransport): SecretsOptions {
  const { apiKey, clientId, clientKey, workspaceCRN } = credentials
  const place = { environment: "production", endpoint: server.url, timeoutMs: 30_000, env: {} }
  return { apiKey, clientId, clientKey, workspaceCRN, transport, ...place }
}

async function newClient(label: string, role: "admin" | "member" = "admin") {
  const environments = [{ name: "production" }, { name: "staging" }]
  const { credentials } = unwrap(await admin.clients.create({ label, environments, apiKey: { role } }))
  const options = optionsOf(credentials)
  return { clientId: credentials.clientId, admin: opened(new Admin(options)), options }
}

async function put(body: unknown, authorization = bearer): Promise<readonly [number, string, string | undefined]> {
  const headers = { "content-type": "application/json", authorization }
  const answer = await fetch(`${server.url}/v1/roster`, { method: "PUT", headers, body: JSON.stringify(body) })
  const { check, code } = (await answer.json()) as { code: string; check?: string }
  return [answer.status, code, check]
}

async function rosters(): Promise<Roster[]> {
  unwrap(await admin.granters.list())
  const answer = await fetch(`${server.url}/v1/roster`, { headers: { authorization: bearer } })
  return ((await answer.json()) as { rosters: unknown[] }).rosters.map((json) => rosterFormat.parse(json))
}

test("a second granter signs; removed, it signs nothing, and what it signed is good under the new roster", async () => {
  unwrap(await admin.granters.add(second.clientId))
  const third = unwrap(await second.admin.clients.create({ label: "third", environments: [{ name: "production" }] }))
  const removed = unwrap(await admin.granters.remove(second.clientId))
  assert.deepEqual(removed.signedAgain, ["production"])
  assert.equal((await second.admin.grants.revoke(third.client.clientId, ["production"])).failure?.code, "not_a_granter")
  const secrets = opened(new Secrets(second.options))
  unwrap(await secrets.set("A", "1"))
  const [production] = unwrap(await admin.grants.list(["production"]))
  assert.deepEqual(production?.members.map(({ label }) => label).sort(), ["admin", "second", "third"])
  assert.equal((await rosters()).length, 3)
})

test("a granter is removed before it is revoked, and nobody is a granter who is revoked", async () => {
  const leaver = await newClient("leaver")
  unwrap(await admin.granters.add(leaver.clientId))
  const { failure } = await admin.clients.revoke(leaver.clientId)
  assert.equal(failure?.code, "invalid_request")
  assert.match(failure?.hint ?? "", new RegExp(`halfkey granters remove ${leaver.clientId}`))
  unwrap(await admin.granters.remove(leaver.clientId))
  unwrap(await admin.clients.revoke(leaver.clientId))
  const roster = (await rosters()).at(-1)
  assert.ok(roster)
  // Somebody who signs with a revoked one on the list all the same.
  const before = (await rosters()).find(({ granters }) => granters.some(({ clientId }) => clientId === leaver.clientId))
  const granters = before?.granters ?? []
  assert.deepEqual(await put({ roster: await signed(roster, granters), keysets: [] }), [
    422,
    "invalid_document",
    "granters",
  ])
})

test("the server refuses a roster that would leave an environment with a signer who does not count", async () => {
  unwrap(await admin.granters.add(second.clientId))
  unwrap(await second.admin.clients.create({ label: "fourth", environments: [{ name: "staging" }] }))
  const roster = (await rosters()).at(-1)
  assert.ok(roster)
  const alone = roster.granters.filter(({ clientId }) => clientId === workspace.clientId)
  assert.deepEqual(await put({ roster: await signed(roster, alone), keysets: [] }), [422, "invalid_document", "signer"])
  assert.deepEqual(await put({ roster: await signed(roster, []), keysets: [] }), [422, "invalid_document", "granters"])
  unwrap(await admin.granters.remove(second.clientId))
  assert.ok(change)
  assert.equal(change.keysets.length, 1)
  assert.deepEqual(await put(change), [409, "revision_conflict", undefined])
  assert.deepEqual(await put({ ...change, roster: { ...change.roster, seq: 900 } }), [
    409,
    "revision_conflict",
    undefined,
  ])
  const next = await signed((await rosters()).at(-1) as Roster, alone)
  const forged = { ...next, signature: Buffer.alloc(64, 1).toString("base64url") }
  assert.deepEqual(await put({ roster: forged, keysets: [] }), [422, "invalid_document", "roster"])
  const key = Buffer.from((await rosters())[0]?.granters[0]?.signPk ?? []).toString("base64url")
  const other = await signed((await rosters()).at(-1) as Roster, alone, { auditKey: key })
  assert.deepEqual(await put({ roster: other, keysets: [] }), [422, "invalid_document", "audit key"])
})

test("only an admin's client with a key that is not narrowed replaces a roster", async () => {
  const roster = await signed((await rosters()).at(-1) as Roster, (await rosters()).at(-1)?.granters ?? [])
  const body = { roster, keysets: [] }
  assert.deepEqual((await put(body, "")).slice(0, 2), [401, "invalid_token"])
  const member = await newClient("member", "member")
  const narrowed = unwrap(
    await admin.apiKeys.create({ label: "narrow", role: "admin", environments: ["production"] }),
  ).secret
  const control = unwrap(await admin.apiKeys.create({ label: "control", role: "control" })).secret
  const refusals = [
    [member.options, "insufficient_scope"],
    [optionsOf({ ...workspace, apiKey: narrowed }), "api_key_restricted"],
    [optionsOf({ ...workspace, apiKey: control }), "insufficient_scope"],
  ] as const
  for (const [options, code] of refusals) {
    let token = ""
    const transport: Transport = async (request) => {
      token = request.headers["authorization"] ?? token
      return await fetchTransport(request)
    }
    const caller = opened(new Admin({ ...options, transport }))
    unwrap(await caller.granters.list())
    assert.deepEqual((await put(body, token)).slice(0, 2), [403, code])
  }
})

/** The successor of a roster, signed by the admin. */
async function signed(
  previous: Roster,
  granters: readonly Granter[],
  more: object = {},
): Promise<Record<string, unknown>> {
  const { clientId, clientKey, workspaceCRN } = workspace
  const workspaceId = workspaceCRN.split(":").at(-1) as WorkspaceId
  const identity = ClientIdentity.fromConfiguration(workspaceId, clientId as ClientIdentity["clientId"], clientKey)
  const key: SigningKey = identity.signingKey
  const next = nextRoster(previous, granters, { signerId: identity.clientId, signingKey: key, now: Date.now() })
  if (Object.keys(more).length === 0) return rosterFormat.toJson(next)
  const { signature: _, ...fields } = rosterFormat.toJson(next)
  const changed = rosterFormat.parse({ ...fields, ...more, signature: rosterFormat.toJson(next)["signature"] })
  const { signature: __, ...values } = changed
  return rosterFormat.toJson(rosterFormat.sign(values, key))
}
