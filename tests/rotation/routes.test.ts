/** The two routes of a rotation and the retirement, asked by hand: what the server refuses, and what it writes down. */
import assert from "node:assert/strict"
import { join } from "node:path"
import { after, before, test } from "node:test"
import { ClientIdentity } from "@halfkey/core/client/client-identity"
import { verifyDocuments } from "@halfkey/core/client/load-keyset"
import { retireOldEpochs } from "@halfkey/core/client/rotation"
import { parseGrant, parseRecoveryGrant } from "@halfkey/core/formats/grant"
import type { ClientId, WorkspaceId } from "@halfkey/core/formats/ids"
import { manifestFormat } from "@halfkey/core/formats/manifest"
import { rosterFormat } from "@halfkey/core/formats/roster"
import { fromBase64Url, toBase64Url } from "@halfkey/core/primitives/bytes"
import { sha256 } from "@halfkey/core/primitives/hash"
import type { KeysetBundle } from "@halfkey/core/wire/keysets"
import type { StaleResponse } from "@halfkey/core/wire/rotation"
import { Admin, type ClientCredentials, createWorkspace, type NewWorkspace } from "halfkey/admin"
import { Secrets, type SecretsOptions, unwrap } from "halfkey/secrets"
import { RealServer } from "../../sdk/src/testing/real-server.ts"
import { openSqlite } from "../../server/src/store/sqlite/open.ts"

const environment = "production"
const server = new RealServer()
const open: { close(): Promise<void> }[] = []
let workspace: NewWorkspace
let admin: Admin
let token: string
/** What the rotation has left, as the server first told it. */
let left: StaleResponse

type Stale = StaleResponse["records"][number]

function options(credentials: Partial<ClientCredentials> = {}): SecretsOptions {
  const { recoveryKit: _, ...own } = workspace
  return { ...own, ...credentials, environment, endpoint: server.url, timeoutMs: 30_000, env: {} }
}

function opened<Client extends { close(): Promise<void> }>(client: Client): Client {
  open.push(client)
  return client
}

/** An access token as this client gets it. */
async function tokenOf(credentials: Partial<ClientCredentials> = {}): Promise<string> {
  let accessToken = ""
  const tokens = {
    load: async () => undefined,
    save: async (saved: { readonly accessToken: string }) => {
      accessToken = saved.accessToken
    },
    clear: async () => {},
  }
  await opened(new Secrets({ ...options(credentials), tokens })).list()
  assert.notEqual(accessToken, "")
  return accessToken
}

async function ask<T>(method: string, path: string, body?: object, bearer = token) {
  const answer = await fetch(`${server.url}${path}`, {
    method,
    headers: { authorization: `Bearer ${bearer}`, "content-type": "application/json" },
    ...(body && { body: JSON.stringify(body) }),
  })
  const json = (await answer.json()) as T & { code?: string }
  return { status: answer.status, code: json.code, json }
}

const stale = (more: object = {}, bearer = token) =>
  ask<StaleResponse>("POST", "/v1/secrets/stale", { environment, ...more }, bearer)
const reseal = (writes: object[], bearer = token) =>
  ask<{ resealed: number; already: number }>("POST", "/v1/secrets/reseal", { environment, writes }, bearer)

const bytesOf = (text: string) => fromBase64Url(text) ?? new Uint8Array(0)
const hashOf = (record: string) => toBase64Url(sha256(bytesOf(record)))

/** A record of the right form, which the server cannot tell from one that opens. */
function formOf(record: Stale, epoch: number): string {
  const bytes = bytesOf(record.record).slice()
  bytes[20] = epoch
  bytes.set(bytesOf(record.newKeyId), 24)
  return toBase64Url(bytes)
}

const write = (record: Stale, more: object = {}) => ({
  name: record.name,
  version: record.version,
  previousHash: hashOf(record.record),
  record: formOf(record, left.epoch),
  ...more,
})

before(async () => {
  await server.start()
  workspace = unwrap(
    await createWorkspace({ endpoint: server.url, setupToken: server.setupToken, label: "admin", timeoutMs: 30_000 }),
  )
  admin = opened(new Admin(options()))
  const secrets = opened(new Secrets(options()))
  for (const name of ["A", "B", "C", "C"]) unwrap(await secrets.set(name, "value"))
  unwrap(await secrets.delete("B"))
  token = await tokenOf()
})
after(async () => {
  for (const each of open) await each.close()
  await server.stop()
})

test("without a rotation nothing is left", async () => {
  const { json, status } = await stale()
  assert.equal(status, 200)
  assert.deepEqual([json.epoch, json.records, json.next, json.remaining], [1, [], null, 0])
})

test("what is left comes in pages that hold each version once, deletions too", async () => {
  const giveUp = new AbortController()
  await admin.environments.rotate(environment, { onProgress: () => giveUp.abort(), signal: giveUp.signal })
  left = (await stale()).json
  assert.deepEqual([left.epoch, left.next, left.remaining], [2, null, 5])
  const found: string[] = []
  let after: string | undefined
  for (let pages = 1; ; pages++) {
    const { json } = await stale({ limit: 2, ...(after && { after }) })
    assert.equal(json.remaining, 5)
    found.push(...json.records.map(({ deleted, name, version }) => `${name}@${version}${deleted ? " deleted" : ""}`))
    if (json.next === null) {
      assert.equal(pages, 3)
      break
    }
    after = json.next
  }
  assert.deepEqual(found.sort(), ["A@1", "B@1", "B@2 deleted", "C@1", "C@2"])
  assert.equal(new Set(left.records.map(({ newKeyId }) => newKeyId)).size, 5)
})

test("what does not fit is refused, and nothing of its request is kept", async () => {
  const [first, second] = left.records as [Stale, Stale]
  const other = formOf(second, 2)
  const elsewhere = bytesOf(other).slice()
  elsewhere[4] = (elsewhere[4] ?? 0) ^ 1
  const attempts: [object, number, string][] = [
    [{ record: formOf(second, 1) }, 409, "epoch_changed"],
    [{ record: formOf(second, 3) }, 409, "epoch_changed"],
    [{ previousHash: hashOf(first.record) }, 409, "version_conflict"],
    [{ version: 1000 }, 404, "secret_not_found"],
    [{ name: "NOBODY" }, 404, "secret_not_found"],
    [{ record: toBase64Url(elsewhere) }, 400, "invalid_request"],
    [{ record: second.record.slice(0, 40) }, 400, "invalid_request"],
    [{ name: first.name, version: first.version }, 400, "invalid_request"],
  ]
  for (const [change, status, code] of attempts) {
    const refused = await reseal([write(first), write(second, change)])
    assert.deepEqual([refused.status, refused.code], [status, code], JSON.stringify(change).slice(0, 100))
  }
  assert.equal((await stale()).json.remaining, 5)
})

test("an epoch cannot be left while a record uses it", async () => {
  const { json } = await ask<KeysetBundle>("GET", `/v1/keysets/${environment}?recovery=true`)
  const workspaceId = workspace.workspaceCRN.split(":").at(-1) as WorkspaceId
  const documents = verifyDocuments({
    workspaceId,
    bundle: {
      root: { signPk: bytesOf(json.root.signPk), kemPk: bytesOf(json.root.kemPk) },
      rosters: json.rosters.map((each) => rosterFormat.parse(each)),
      manifests: json.manifests.map((each) => manifestFormat.parse(each)),
      grants: json.grants.map(parseGrant),
      recoveryGrants: json.recoveryGrants?.map(parseRecoveryGrant),
    },
    expected: { name: environment },
  })
  const clientId = workspace.clientId as ClientId
  const { signingKey } = ClientIdentity.fromConfiguration(workspaceId, clientId, workspace.clientKey)
  const manifest = retireOldEpochs(documents, { signerId: clientId, signingKey, now: Date.now() })
  assert.ok(manifest)
  const body = { manifest: manifestFormat.toJson(manifest), grants: [] }
  const refused = await ask("PUT", `/v1/keysets/${manifest.keysetId}`, body)
  assert.deepEqual([refused.status, refused.code], [422, "invalid_document"])
})

test("only clients that may read and write here get seeds, and seal again", async () => {
  const reader = await tokenOf(
    unwrap(await admin.clients.create({ label: "r", environments: [{ name: environment, mode: "read" }], apiKey: {} }))
      .credentials,
  )
  const writer = await tokenOf(
    unwrap(await admin.clients.create({ label: "w", environments: [{ name: environment, mode: "write" }], apiKey: {} }))
      .credentials,
  )
  const stranger = await tokenOf(
    unwrap(await admin.clients.create({ label: "s", environments: [{ name: "staging" }], apiKey: {} })).credentials,
  )
  const narrowed = unwrap(await admin.apiKeys.create({ label: "ro", role: "member", readOnly: true }))
  const readOnly = await tokenOf({ apiKey: narrowed.secret })
  const [record] = left.records as [Stale]
  for (const [bearer, status, code] of [
    [reader, 403, "mode_not_allowed"],
    [writer, 403, "mode_not_allowed"],
    [stranger, 404, "keyset_not_found"],
    [readOnly, 403, "api_key_restricted"],
    ["nobody", 401, "invalid_token"],
  ] as const) {
    for (const refused of [await stale({}, bearer), await reseal([write(record)], bearer)]) {
      assert.deepEqual([refused.status, refused.code], [status, code])
    }
  }
})

test("sending again finds it done, and both are in the log with every version's name", async () => {
  const [record] = left.records as [Stale]
  assert.deepEqual((await reseal([write(record)])).json, { resealed: 1, already: 0 })
  assert.deepEqual((await reseal([write(record)])).json, { resealed: 0, already: 1 })
  assert.deepEqual(
    (await reseal([write(record, { record: formOf({ ...record, newKeyId: "A".repeat(22) }, 2) })])).json,
    {
      resealed: 0,
      already: 1,
    },
  )
  assert.equal((await stale()).json.remaining, 4)
  const db = openSqlite(join(server.directory, "halfkey.db"))
  const entries = db.prepare("select entry from audit_entries order by seq").all() as { entry: Buffer }[]
  db.close()
  const parsed = entries.map(({ entry }) => JSON.parse(entry.toString("utf8")))
  const of = (action: string, outcome: string) =>
    parsed.filter((entry) => entry.action === action && entry.outcome === outcome)
  assert.deepEqual(of("secret.reseal", "allowed").at(-1)?.names, [`${record.name}@${record.version}`])
  assert.equal(of("secret.stale", "allowed").find(({ names }) => names.length === 5)?.keyIds.length, 5)
  assert.equal(of("secret.reseal", "denied").filter(({ code }) => code === "epoch_changed").length, 2)
  assert.ok(of("secret.stale", "denied").some(({ code }) => code === "mode_not_allowed"))
})
