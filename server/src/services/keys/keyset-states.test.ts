/** Disabling, enabling, destroying, undoing; and the sweep, by a clock that the test sets. */
import assert from "node:assert/strict"
import { after, test } from "node:test"
import { setTimeout as sleep } from "node:timers/promises"
import { ClientIdentity } from "@halfkey/core/client/client-identity"
import { newKeyset } from "@halfkey/core/client/membership"
import { nextRoster, signAgain } from "@halfkey/core/client/roster-changes"
import { type Manifest, manifestFormat } from "@halfkey/core/formats/manifest"
import { rosterFormat } from "@halfkey/core/formats/roster"
import { toBase64Url } from "@halfkey/core/primitives/bytes"
import { systemRandom } from "@halfkey/core/primitives/random"
import type { NewApiKey } from "@halfkey/core/wire/clients"
import type { KeysetSummary } from "@halfkey/core/wire/keysets"
import Database from "better-sqlite3"
import { auditLog } from "../../testing/audit-log.ts"
import { TestClient } from "../../testing/test-client.ts"
import { TestServer } from "../../testing/test-server.ts"
import { changeToWire, newClientToWire, TestWorkspace } from "../../testing/test-workspace.ts"

const day = 24 * 60 * 60 * 1000
let clock = Date.now()
const now = () => clock
const server = await TestServer.start({ after }, { now })
const names = ["plain", "undone", "gone", "waiting", "ridden", "signed", "taken"]
const workspace = await TestWorkspace.create(server, names)
let { admin } = workspace
const { keysetId: goneId } = await admin.keyset("gone")

/** Another day: tokens of before have run out. */
async function wait(ms: number): Promise<void> {
  clock += ms
  admin = new TestClient({ ...admin.parts, now })
}

type State = Manifest["state"]

/** The next manifest of an environment in whatever state it is. */
async function next(name: string, changes: Partial<Manifest>) {
  const { manifests, rosters } = await admin.expect("GET", `/v1/keysets/${name}`)
  const roster = rosterFormat.parse(rosters.at(-1))
  const { signature: _, ...previous } = manifestFormat.parse(manifests.at(-1))
  const fields = { ...previous, rosterSeq: roster.seq, rosterHash: rosterFormat.hash(roster) }
  const { signerId, signingKey } = workspace.signer
  const link = { revision: fields.revision + 1, previousHash: manifestFormat.hash(previous), signerId }
  return {
    manifest: manifestFormat.toJson(manifestFormat.sign({ ...fields, ...link, ...changes }, signingKey)),
    grants: [],
  }
}

async function turn(name: string, state: State, by = admin) {
  return by.call("PUT", `/v1/keysets/${name}`, await next(name, { state }))
}

async function listed(name: string): Promise<KeysetSummary> {
  const { keysets } = await admin.expect("GET", "/v1/keysets")
  return keysets.find((each: KeysetSummary) => each.name === name)
}

function rows(sql: string, ...values: unknown[]): unknown[] {
  const db = new Database(server.databasePath, { readonly: true })
  try {
    return db.prepare(sql).all(...values)
  } finally {
    db.close()
  }
}

/** Every way to a seed, a record or a name, with what it is answered. */
async function answers(name: string, by = admin): Promise<(readonly [path: string, status: number, code: string])[]> {
  const { keysetId } = await listed(name)
  const bytes = (length: number) => toBase64Url(new Uint8Array(length))
  const record = bytes(400)
  const calls: readonly [string, string, unknown?][] = [
    ["POST", "/v1/secrets/read", { environment: name, secrets: [{ name: "A" }] }],
    ["POST", "/v1/secrets/read", { environment: keysetId }],
    ["POST", "/v1/secrets/prepare", { environment: name, names: ["A"] }],
    [
      "POST",
      "/v1/secrets/commit",
      { environment: name, writes: [{ name: "A", previousVersion: 1, version: 2, deleted: false, record }] },
    ],
    ["POST", "/v1/secrets/stale", { environment: name }],
    [
      "POST",
      "/v1/secrets/reseal",
      { environment: name, writes: [{ name: "A", version: 1, previousHash: bytes(32), record }] },
    ],
    ["GET", `/v1/secrets?environment=${name}`],
    ["GET", `/v1/secrets/A/versions?environment=${name}`],
    ["POST", `/v1/keysets/${keysetId}/data-keys/generate`, { count: 1 }],
    ["POST", `/v1/keysets/${keysetId}/data-keys/retrieve`, { groups: [{ epoch: 1, keyIds: bytes(16) }] }],
    ["POST", `/v1/keysets/${keysetId}/self-wraps`, { selfWraps: [{ epoch: 1, selfWrap: bytes(60) }] }],
  ]
  const all: (readonly [string, number, string])[] = []
  for (const [method, path, body] of calls) {
    const answer = await by.call(method, path, body)
    all.push([path, answer.status, answer.body.code])
  }
  return all
}

async function assertShut(name: string): Promise<void> {
  for (const [path, status, code] of await answers(name))
    assert.deepEqual([status, code], [403, "keyset_disabled"], path)
}

test("disabled: everything is refused at once, to tokens of before too, and says what to type", async () => {
  await admin.set("plain", { A: "kept" })
  assert.equal((await turn("plain", "disabled")).body.state, "disabled")
  await assertShut("plain")
  const { body } = await admin.call("POST", "/v1/secrets/read", { environment: "plain" })
  assert.equal(body.detail, "plain is disabled")
  assert.equal(body.hint, "halfkey environments enable plain   (as a granter)")
  assert.equal((await turn("plain", "enabled")).status, 200)
  assert.deepEqual(await admin.get("plain", "A"), { A: "kept" })
})

test("destroyed: seven days in which it can be undone, and is as it was", async () => {
  await admin.set("undone", { A: "kept" })
  const { status, body } = await turn("undone", "destroyed")
  const until = new Date(clock + 7 * day).toISOString()
  assert.deepEqual([status, body.state, body.undoUntil, body.purgedAt], [200, "destroyed", until, null])
  await assertShut("undone")
  const refusal = await admin.call("POST", "/v1/secrets/read", { environment: "undone" })
  assert.equal(refusal.body.detail, `undone is destroyed, which can be undone until ${until}`)
  assert.equal(refusal.body.hint, "halfkey environments undo-destroy undone   (as a granter)")
  await wait(7 * day - 1)
  const back = await turn("undone", "enabled")
  assert.deepEqual([back.status, back.body.state, back.body.undoUntil], [200, "enabled", null])
  assert.deepEqual(await admin.get("undone", "A"), { A: "kept" })
})

test("neither being signed again nor another setting changes what was promised", async () => {
  const { undoUntil } = (await turn("waiting", "destroyed")).body
  await server.stop()
  await server.startAgain({ HALFKEY_DESTROY_AFTER_DAYS: "0" })
  await wait(day)
  assert.equal((await turn("waiting", "destroyed")).body.undoUntil, undoUntil)
  assert.equal((await listed("waiting")).undoUntil, undoUntil)
  assert.equal((await turn("waiting", "enabled")).status, 200)
  await server.stop()
  await server.startAgain()
})

test("a destroyed one keeps its epochs: neither are its keys deleted early, nor does it get new ones", async () => {
  const { epochs } = (await admin.keyset("waiting")).manifest
  const [only] = epochs
  assert.ok(only)
  for (const changed of [[], [...epochs, { ...only, epoch: 2 }]]) {
    const change = await next("waiting", { state: "destroyed", epochs: changed })
    const { status, body } = await admin.call("PUT", "/v1/keysets/waiting", change)
    assert.deepEqual([status, body.code], [422, "invalid_document"])
  }
})

test("when its time is over nothing undoes it, whether or not the sweep has been", async () => {
  await admin.set("gone", { A: "kept", B: "too" })
  const { undoUntil } = (await turn("gone", "destroyed")).body
  await wait(7 * day)
  const late = await turn("gone", "enabled")
  assert.deepEqual([late.status, late.body.code], [403, "keyset_disabled"])
  assert.equal(late.body.detail, `gone is destroyed for good: it could be undone until ${undoUntil}`)
  assert.equal((await listed("gone")).purgedAt, null)
  await server.stop()
  await server.startAgain()
  const purgedAt = await waitForPurge("gone")
  assert.equal(purgedAt, new Date(clock).toISOString())
  for (const table of ["authority_keys", "grants", "recovery_grants"]) {
    assert.deepEqual(rows(`select 1 from ${table} where keyset_id = ?`, goneId), [], table)
    assert.ok(rows(`select 1 from ${table}`).length >= names.length - 1, `${table} of others`)
  }
  const again = await turn("gone", "enabled")
  assert.deepEqual([again.status, again.body.code], [403, "keyset_disabled"])
  await assertShut("gone")
  const entries = auditLog(server).filter(({ entry }) => entry.action === "keyset.purge")
  assert.equal(entries.length, 1)
  const { address, clientId, environment, keysetId, outcome } = entries[0]?.entry ?? {}
  assert.deepEqual(
    [address, clientId, environment, keysetId, outcome],
    ["server", undefined, "gone", goneId, "allowed"],
  )
})

test("another start purges nothing twice", async () => {
  const before = await listed("gone")
  await server.stop()
  await server.startAgain()
  await admin.set("plain", { A: "after" })
  assert.deepEqual(await listed("gone"), before)
  assert.equal(auditLog(server).filter(({ entry }) => entry.action === "keyset.purge").length, 1)
})

/** Resolves to when it was purged. */
async function waitForPurge(name: string): Promise<string> {
  for (;;) {
    const { purgedAt } = await listed(name)
    if (purgedAt !== null) return purgedAt
    await sleep(20)
  }
}

test("a roster that changes takes along what is destroyed, with and without its keys", async () => {
  await turn("signed", "destroyed")
  const documents = await Promise.all(
    ["signed", "gone"].map(async (name) => {
      const { manifests } = await admin.expect("GET", `/v1/keysets/${name}`)
      const { roster, rosterHash, root } = await admin.keyset("plain")
      const manifest = manifestFormat.parse(manifests.at(-1))
      return { root, roster, rosterHash, manifest, manifestHash: manifestFormat.hash(manifest) }
    }),
  )
  const [first] = documents
  assert.ok(first)
  const roster = nextRoster(first.roster, first.roster.granters, workspace.signer)
  const again = documents.map((each) =>
    changeToWire({ manifest: signAgain(each, roster, workspace.signer), grants: [] }),
  )
  const change = { roster: rosterFormat.toJson(roster), keysets: again }
  const { status, body } = await admin.call("PUT", "/v1/roster", change)
  assert.equal(status, 200, JSON.stringify(body))
  const { state, purgedAt } = await listed("gone")
  assert.deepEqual([state, purgedAt === null], ["destroyed", false])
})

test("nothing can be granted any more where the keys were deleted", async () => {
  const change = await next("gone", {})
  const [member] = manifestFormat.parse(change.manifest).members
  const grant = {
    ...{ keysetId: goneId, epoch: 1, clientId: member?.clientId },
    ...{ enc: toBase64Url(new Uint8Array(1120)), sealedHalf: toBase64Url(new Uint8Array(48)), selfWrap: null },
  }
  const refused = await admin.call("PUT", "/v1/keysets/gone", { ...change, grants: [grant] })
  assert.deepEqual([refused.status, refused.body.check], [422, "grants"])
  assert.equal((await admin.call("PUT", "/v1/keysets/gone", change)).status, 200)
})

test("a token without a client turns nothing, in no direction", async () => {
  const control = await withKey({ role: "control", clientId: null })
  for (const [name, first, then] of [
    ["taken", "enabled", "disabled"],
    ["taken", "disabled", "enabled"],
    ["taken", "enabled", "destroyed"],
    ["taken", "destroyed", "enabled"],
  ] as const) {
    if ((await listed(name)).state !== first) assert.equal((await turn(name, first)).status, 200)
    const { status, body } = await turn(name, then, control)
    assert.deepEqual([status, body.code], [403, "client_required"], `${first} to ${then}`)
    assert.equal((await listed(name)).state, first)
  }
})

test("an API key turns what it is for, if it may write", async () => {
  const [elsewhere, readOnly, here] = [
    await withKey({ role: "admin", environments: ["plain"] }),
    await withKey({ role: "admin", readOnly: true }),
    await withKey({ role: "admin", environments: ["ridden"] }),
  ]
  const change = await next("ridden", { state: "disabled" })
  const refusals = [
    await elsewhere.call("PUT", "/v1/keysets/ridden", change),
    await readOnly.call("PUT", "/v1/keysets/ridden", change),
  ]
  assert.deepEqual(
    refusals.map(({ body }) => body.code),
    ["api_key_restricted", "api_key_restricted"],
  )
  assert.equal((await here.call("PUT", "/v1/keysets/ridden", change)).status, 200)
  assert.equal((await turn("ridden", "enabled", here)).status, 200)
})

/** A caller with another API key of the admin's client, or of none. */
async function withKey(request: Partial<NewApiKey>): Promise<TestClient> {
  const body = { label: "another", clientId: admin.identity.clientId, ...request }
  const { secret } = await admin.expect("POST", "/v1/api-keys", body)
  const identity = request.clientId === null ? undefined : admin.identity
  return new TestClient({ ...admin.parts, identity, apiKey: secret })
}

test("no other change carries a change of state along", async () => {
  const identity = await ClientIdentity.create(workspace.draft.root.workspaceId, systemRandom)
  const client = await newClientToWire(identity, "another")
  const keysets = [await next("ridden", { state: "destroyed" })]
  const created = await admin.call("POST", "/v1/clients", { client, keysets })
  assert.deepEqual([created.status, created.body.check], [422, "state"])
  const previous = rosterFormat.parse((await admin.expect("GET", "/v1/keysets/ridden")).rosters.at(-1))
  const roster = nextRoster(previous, previous.granters, workspace.signer)
  const under = { rosterSeq: roster.seq, rosterHash: rosterFormat.hash(roster) }
  const change = {
    roster: rosterFormat.toJson(roster),
    keysets: [await next("ridden", { state: "disabled", ...under })],
  }
  const replaced = await admin.call("PUT", "/v1/roster", change)
  assert.deepEqual([replaced.status, replaced.body.check], [422, "state"])
  assert.equal((await listed("ridden")).state, "enabled")
})

test("the name of what is destroyed stays taken, for good", async () => {
  const { root, manifest } = await admin.keyset("plain")
  const members = [{ ...(await admin.identity.publicKeys()), mode: "read-write" as const, label: "admin" }]
  const newest = rosterFormat.parse((await admin.expect("GET", "/v1/keysets/gone")).rosters.at(-1))
  const input = { root, roster: newest, kind: manifest.kind, name: "gone", members }
  const made = changeToWire(await newKeyset(input, workspace.signer, systemRandom))
  const { status, body } = await admin.call("POST", "/v1/keysets", made)
  assert.deepEqual([status, body.code], [409, "already_exists"])
})
