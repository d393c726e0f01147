import assert from "node:assert/strict"
import { after, test } from "node:test"
import { sealSelfWrap } from "@halfkey/core/client/client-half"
import { addMember, newKeyset, removeMember } from "@halfkey/core/client/membership"
import { type Manifest, manifestFormat } from "@halfkey/core/formats/manifest"
import { fromBase64Url, toBase64Url } from "@halfkey/core/primitives/bytes"
import { systemRandom } from "@halfkey/core/primitives/random"
import type { KeysetSummary } from "@halfkey/core/wire/keysets"
import { TestServer } from "../../testing/test-server.ts"
import { changeToWire, TestWorkspace } from "../../testing/test-workspace.ts"

const server = await TestServer.start({ after })
const workspace = await TestWorkspace.create(server)
const { admin, draft } = workspace

async function newEnvironment(name: string) {
  const members = [{ ...(await admin.identity.publicKeys()), mode: "read-write" as const, label: "admin" }]
  const input = { root: draft.root.publicKeys, roster: draft.roster, kind: "environment" as const, name, members }
  return newKeyset(input, workspace.signer, systemRandom)
}

/** The next manifest of an environment, with these changes, signed by the admin. */
async function nextManifest(name: string, changes: Partial<Manifest>) {
  const keyset = await admin.keyset(name)
  const { signature: _, ...fields } = keyset.manifest
  const { signerId, signingKey } = workspace.signer
  const next = { ...fields, revision: fields.revision + 1, previousHash: keyset.manifestHash, signerId, ...changes }
  return { manifest: manifestFormat.toJson(manifestFormat.sign(next, signingKey)), grants: [] }
}

test("creates an environment that works at once, under a name that is never given again", async () => {
  const created = await admin.call("POST", "/v1/keysets", changeToWire(await newEnvironment("eu-staging")))
  assert.equal(created.status, 201)
  const { name, state, revision, memberCount, mode } = created.body as KeysetSummary
  assert.deepEqual([name, state, revision, memberCount, mode], ["eu-staging", "enabled", 1, 1, "read-write"])
  await admin.set("eu-staging", { A: "x" })
  assert.deepEqual(await admin.get("eu-staging", "A"), { A: "x" })
  const again = await admin.call("POST", "/v1/keysets", changeToWire(await newEnvironment("eu-staging")))
  assert.deepEqual([again.status, again.body.code], [409, "already_exists"])
})

test("lists all to admins and control keys, and to members their own", async () => {
  const names = (body: { keysets: KeysetSummary[] }) => body.keysets.map((each) => `${each.name} ${each.mode}`)
  const member = await workspace.createClient({ staging: "read", development: "write" })
  assert.deepEqual(names(await member.expect("GET", "/v1/keysets")), ["development write", "staging read"])
  const control = await workspace.withApiKey(undefined, { role: "control" })
  assert.ok(names(await control.expect("GET", "/v1/keysets")).includes("production null"))
  const hidden = await member.call("GET", "/v1/keysets/production")
  assert.deepEqual([hidden.status, hidden.body.code], [404, "keyset_not_found"])
  assert.deepEqual(hidden.body.facts.available, ["development", "staging"])
  const unknown = await member.call("GET", "/v1/keysets/nowhere")
  assert.deepEqual(Object.keys(unknown.body), Object.keys(hidden.body))
})

test("to an admin key for some environments the others look as if they did not exist", async () => {
  const narrowed = await workspace.createClient({ staging: "read" }, { role: "admin", environments: ["staging"] })
  const { keysetId } = await admin.keyset("production")
  const answers = await Promise.all(
    ["production", "nowhere", keysetId].map((ref) => narrowed.call("GET", `/v1/keysets/${ref}`)),
  )
  for (const { status, body } of answers) {
    assert.deepEqual([status, body.code, body.facts], [404, "keyset_not_found", { available: ["staging"] }])
  }
  await workspace.withApiKey(admin.identity, { environments: ["production", "staging"] })
  const { apiKeys } = await narrowed.expect("GET", "/v1/api-keys")
  const shown = apiKeys.flatMap(({ environments }: { environments: string[] | null }) => environments ?? [])
  assert.ok(!shown.includes("production") && shown.includes("staging"))
})

test("of two successors of one manifest the second is a conflict", async () => {
  const keyset = await admin.keyset("staging")
  const [one, two] = await Promise.all([nextManifest("staging", {}), nextManifest("staging", { createdAt: 1 })])
  const answers = await Promise.all([one, two].map((change) => admin.call("PUT", "/v1/keysets/staging", change)))
  assert.deepEqual(answers.map(({ status }) => status).sort(), [200, 409])
  assert.equal(answers.find(({ status }) => status === 409)?.body.code, "revision_conflict")
  const after = await admin.keyset("staging")
  assert.equal(after.manifest.revision, keyset.manifest.revision + 1)
  const chain = await admin.expect("GET", `/v1/keysets/staging?sinceRevision=${keyset.manifest.revision}`)
  assert.equal(chain.manifests.length, 2)
})

const refusals: readonly [name: string, changes: Partial<Manifest>, check: string][] = [
  ["another name", { name: "renamed" }, "manifest"],
  ["another kind", { kind: "tenant" }, "manifest"],
  ["another predecessor", { previousHash: new Uint8Array(32) }, "manifest"],
  [
    "another commitment",
    { epochs: [{ epoch: 1, clientHalfCommitment: new Uint8Array(32), recoveryHash: new Uint8Array(32) }] },
    "manifest",
  ],
  ["no epoch", { epochs: [] }, "manifest"],
  ["the root's name and a granter's signature", { signerId: draft.root.workspaceId }, "signature"],
  ["an older roster", { rosterSeq: 7 }, "roster"],
  ["the end of the key set at once", { state: "destroyed", epochs: [] }, "state"],
]

for (const [name, changes, check] of refusals) {
  test(`refuses a manifest with ${name}`, async () => {
    const answer = await admin.call("PUT", "/v1/keysets/development", await nextManifest("development", changes))
    assert.deepEqual(
      [answer.status, answer.body.code, answer.body.check],
      [422, "invalid_document", check],
      JSON.stringify(answer.body),
    )
  })
}

test("a key set under another's address is refused", async () => {
  const answer = await admin.call("PUT", "/v1/keysets/production", await nextManifest("development", {}))
  assert.deepEqual([answer.status, answer.body.check], [422, "manifest"])
})

test("disabling stops seeds at once and enabling gives them back", async () => {
  await admin.set("development", { D: "x" })
  const off = await admin.expect(
    "PUT",
    "/v1/keysets/development",
    await nextManifest("development", { state: "disabled" }),
  )
  assert.equal(off.state, "disabled")
  const keyset = off.keysetId as string
  for (const [method, path, body] of [
    ["POST", "/v1/secrets/read", { environment: "development", secrets: [{ name: "D" }] }],
    ["POST", "/v1/secrets/prepare", { environment: "development", names: ["D"] }],
    ["POST", `/v1/keysets/${keyset}/data-keys/generate`, { count: 1 }],
  ] as const) {
    const answer = await admin.call(method, path, body)
    assert.deepEqual([answer.status, answer.body.code], [403, "keyset_disabled"], path)
  }
  const bundle = await admin.expect("GET", "/v1/keysets/development")
  const { signature: _, ...fields } = manifestFormat.parse(bundle.manifests[0])
  const next = {
    ...fields,
    state: "enabled" as const,
    revision: fields.revision + 1,
    previousHash: manifestFormat.hash(fields),
  }
  const manifest = manifestFormat.toJson(manifestFormat.sign(next, workspace.signer.signingKey))
  await admin.expect("PUT", "/v1/keysets/development", { manifest, grants: [] })
  assert.deepEqual(await admin.get("development", "D"), { D: "x" })
})

test("a removed member loses documents, seeds and its grant at once", async () => {
  const member = await workspace.createClient({ production: "read-write", staging: "read-write" })
  await member.set("production", { M: "x" })
  assert.equal((await workspace.removeMember("production", member)).status, 200)
  for (const answer of [
    await member.call("GET", "/v1/keysets/production"),
    await member.call("POST", "/v1/secrets/read", { environment: "production", secrets: [{ name: "M" }] }),
    await member.call("POST", "/v1/secrets/prepare", { environment: "production", names: ["M"] }),
    await member.call("POST", "/v1/keysets/production/data-keys/generate", { count: 1 }),
  ]) {
    assert.deepEqual([answer.status, answer.body.code], [404, "keyset_not_found"])
  }
  assert.deepEqual(await member.get("staging", "M"), {})
  const { default: Database } = await import("better-sqlite3")
  const db = new Database(`${server.dataDirectory}/halfkey.db`, { readonly: true })
  const rows = db
    .prepare("select k.name from grants g join keysets k on k.id = g.keyset_id where g.client_id = ?")
    .all(member.identity.clientId)
  db.close()
  assert.deepEqual(rows, [{ name: "staging" }])
  assert.deepEqual(await admin.get("production", "M"), { M: "x" })
})

test("destroying an epoch needs a client", async () => {
  const made = await newEnvironment("short-lived")
  await admin.expect("POST", "/v1/keysets", changeToWire(made))
  const fresh = await newEnvironment("short-lived")
  const [epoch] = fresh.manifest.epochs
  assert.ok(epoch !== undefined)
  const { keysetId } = made.manifest
  const toSecond = <Grant extends { epoch: number }>(grants: readonly Grant[]) =>
    grants.map((grant) => ({ ...grant, epoch: 2, keysetId }))
  const { manifest } = await nextManifest("short-lived", { epochs: [{ ...epoch, epoch: 2 }] })
  const change = {
    manifest,
    grants: toSecond(changeToWire(fresh).grants as { epoch: number }[]),
    recoveryGrants: toSecond((changeToWire(fresh).recoveryGrants ?? []) as { epoch: number }[]),
  }
  const control = await workspace.withApiKey(undefined, { role: "control" })
  const refused = await control.call("PUT", "/v1/keysets/short-lived", change)
  assert.deepEqual([refused.status, refused.body.code], [403, "client_required"])
  assert.equal((await admin.call("PUT", "/v1/keysets/short-lived", change)).status, 200)
})

test("changing members needs grant:update, and taking one away a client", async () => {
  const member = await workspace.createClient({ staging: "read" })
  const keyset = await admin.keyset("staging")
  const added = await addMember(
    keyset,
    { ...(await member.identity.publicKeys()), mode: "read-write", label: "more" },
    workspace.signer,
  )
  const removed = removeMember(keyset, member.identity.clientId, workspace.signer)
  const control = await workspace.withApiKey(undefined, { role: "control" })
  const refused = await control.call("PUT", "/v1/keysets/staging", changeToWire(removed))
  assert.deepEqual([refused.status, refused.body.code], [403, "client_required"])
  const narrow = workspace.client(undefined, control.parts.apiKey)
  const { body } = await narrow.requestToken({ scope: "keyset:update keyset:list" })
  const { apiCall } = await import("../../testing/api-call.ts")
  const without = await apiCall(server.url, {
    method: "PUT",
    path: "/v1/keysets/staging",
    token: body.access_token,
    body: changeToWire(added),
  })
  assert.deepEqual([without.status, without.body.code], [403, "insufficient_scope"])
  assert.equal((await control.call("PUT", "/v1/keysets/staging", changeToWire(added))).status, 200)
})

test("keeps the caller's own self-wraps, and a self-wrap makes nobody a member", async () => {
  const member = await workspace.createClient({ staging: "read" })
  const keyset = await member.keyset("staging")
  assert.deepEqual(keyset.epochsWithoutSelfWrap, [1])
  const place = { workspaceId: keyset.workspaceId, keysetId: keyset.keysetId, epoch: 1 }
  const selfWrap = toBase64Url(sealSelfWrap(place, keyset.clientHalf(1), member.identity, systemRandom))
  const body = {
    selfWraps: [
      { epoch: 1, selfWrap },
      { epoch: 9, selfWrap },
    ],
  }
  const saved = await member.call("POST", "/v1/keysets/staging/self-wraps", body)
  assert.deepEqual([saved.status, saved.body], [204, ""])
  assert.deepEqual((await member.keyset("staging")).epochsWithoutSelfWrap, [])
  assert.deepEqual((await admin.keyset("staging")).epochsWithoutSelfWrap, [1])
  const foreign = await member.call("POST", "/v1/keysets/production/self-wraps", body)
  assert.deepEqual([foreign.status, foreign.body.code], [404, "keyset_not_found"])
})

test("seeds in bulk: what was generated is what is retrieved, by members in a fitting mode only", async () => {
  const { epoch, keyIds, keySeeds } = await admin.expect("POST", "/v1/keysets/staging/data-keys/generate", {
    count: 10_000,
  })
  const seeds = fromBase64Url(keySeeds)
  assert.equal(seeds?.length, 320_000)
  assert.equal(
    new Set(Array.from({ length: 10_000 }, (_, index) => toBase64Url(seeds.subarray(index * 32, index * 32 + 32))))
      .size,
    10_000,
  )
  const retrieve = (groups: unknown) => admin.call("POST", "/v1/keysets/staging/data-keys/retrieve", { groups })
  assert.deepEqual((await retrieve([{ epoch, keyIds }])).body.groups, [{ epoch, keySeeds }])
  const ids = fromBase64Url(keyIds)?.subarray(0, 32) ?? new Uint8Array(0)
  const [first, second] = [toBase64Url(ids.subarray(0, 16)), toBase64Url(ids.subarray(16, 32))]
  const swapped = await retrieve([
    { epoch, keyIds: second },
    { epoch, keyIds: first },
  ])
  assert.deepEqual(
    swapped.body.groups.map((each: { keySeeds: string }) => each.keySeeds),
    [toBase64Url(seeds.subarray(32, 64)), toBase64Url(seeds.subarray(0, 32))],
  )
  const production = await admin.expect("POST", "/v1/keysets/production/data-keys/retrieve", {
    groups: [{ epoch, keyIds: first }],
  })
  assert.notEqual(production.groups[0].keySeeds, toBase64Url(seeds.subarray(0, 32)))
  for (const [groups, status, code] of [
    [[{ epoch: 2, keyIds: first }], 409, "epoch_changed"],
    [[{ epoch, keyIds: first.slice(0, 10) }], 400, "invalid_request"],
    [
      [
        { epoch, keyIds },
        { epoch, keyIds: first },
      ],
      400,
      "invalid_request",
    ],
    [[], 400, "invalid_request"],
  ] as const) {
    const answer = await retrieve(groups)
    assert.deepEqual([answer.status, answer.body.code], [status, code])
  }
  const reader = await workspace.createClient({ staging: "read" })
  const writer = await workspace.createClient({ staging: "write" })
  const answers = await Promise.all([
    reader.call("POST", "/v1/keysets/staging/data-keys/generate", { count: 1 }),
    reader.call("POST", "/v1/keysets/staging/data-keys/retrieve", { groups: [{ epoch, keyIds: first }] }),
    writer.call("POST", "/v1/keysets/staging/data-keys/generate", { count: 1 }),
    writer.call("POST", "/v1/keysets/staging/data-keys/retrieve", { groups: [{ epoch, keyIds: first }] }),
  ])
  assert.deepEqual(
    answers.map(({ status, body }) => [status, body.code]),
    [
      [403, "mode_not_allowed"],
      [200, undefined],
      [200, undefined],
      [403, "mode_not_allowed"],
    ],
  )
})

test("a member's mode decides about records too", async () => {
  const reader = await workspace.createClient({ production: "read" })
  const writer = await workspace.createClient({ production: "write" })
  await admin.set("production", { MODE: "x" })
  assert.deepEqual(await reader.get("production", "MODE"), { MODE: "x" })
  const prepared = await reader.call("POST", "/v1/secrets/prepare", { environment: "production", names: ["MODE"] })
  assert.deepEqual([prepared.status, prepared.body.code], [403, "mode_not_allowed"])
  assert.equal((await writer.set("production", { MODE: "y" })).status, 200)
  const read = await writer.call("POST", "/v1/secrets/read", { environment: "production", secrets: [{ name: "MODE" }] })
  assert.deepEqual([read.status, read.body.code], [403, "mode_not_allowed"])
  assert.equal((await writer.call("GET", "/v1/secrets?environment=production")).status, 200)
})
