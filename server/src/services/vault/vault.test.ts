import assert from "node:assert/strict"
import { after, test } from "node:test"
import { auditLeafHash } from "@halfkey/core/formats/audit-entry"
import { fromBase64Url, toBase64Url } from "@halfkey/core/primitives/bytes"
import { systemRandom } from "@halfkey/core/primitives/random"
import { auditLog } from "../../testing/audit-log.ts"
import { TestServer } from "../../testing/test-server.ts"
import { TestWorkspace } from "../../testing/test-workspace.ts"

const server = await TestServer.start({ after })
const workspace = await TestWorkspace.create(server)
const { admin } = workspace

test("gives back what was written, in its environment only", async () => {
  assert.equal((await admin.set("production", { A: "one", "b/c.d-e": "two" })).status, 200)
  assert.deepEqual(await admin.get("production", "A", "b/c.d-e", "MISSING"), { A: "one", "b/c.d-e": "two" })
  assert.deepEqual(await admin.get("staging", "A"), {})
})

test("counts versions up, over deletions too, and keeps every one of them", async () => {
  for (const value of ["1", "2", null, "4"]) assert.equal((await admin.set("staging", { V: value })).status, 200)
  const { versions } = await admin.expect("GET", "/v1/secrets/V/versions?environment=staging")
  assert.deepEqual(
    versions.map(({ version, deleted }: { version: number; deleted: boolean }) => [version, deleted]),
    [
      [4, false],
      [3, true],
      [2, false],
      [1, false],
    ],
  )
  assert.ok(versions.every((each: { clientId: string }) => each.clientId === admin.identity.clientId))
  const old = await admin.expect("POST", "/v1/secrets/read", {
    environment: "staging",
    secrets: [{ name: "V", version: 2 }, { name: "V" }, { name: "V", version: 9 }],
  })
  assert.deepEqual(
    old.records.map(({ version }: { version: number }) => version),
    [2, 4],
  )
  assert.deepEqual(old.missing, [{ name: "V", version: 9 }])
})

test("a deletion is a tombstone: read by name, left out of lists and of reading everything", async () => {
  await admin.set("development", { KEPT: "x", GONE: "y" })
  await admin.set("development", { GONE: null })
  const named = await admin.expect("POST", "/v1/secrets/read", {
    environment: "development",
    secrets: [{ name: "GONE" }],
  })
  assert.deepEqual([named.records[0].version, named.records[0].deleted], [2, true])
  const all = await admin.expect("POST", "/v1/secrets/read", { environment: "development" })
  assert.deepEqual(
    all.records.map(({ name }: { name: string }) => name),
    ["KEPT"],
  )
  const listed = await admin.expect("GET", "/v1/secrets?environment=development")
  assert.deepEqual(
    listed.secrets.map(({ name }: { name: string }) => name),
    ["KEPT"],
  )
  const withDeleted = await admin.expect("GET", "/v1/secrets?environment=development&deleted=true")
  assert.deepEqual(
    withDeleted.secrets.map(({ name }: { name: string }) => name),
    ["GONE", "KEPT"],
  )
  const never = await admin.sealed("development", { NEVER: null })
  const refused = await admin.call("POST", "/v1/secrets/commit", never)
  assert.deepEqual([refused.status, refused.body.code], [404, "secret_not_found"])
})

test("of two writers of one version the second is refused, and nothing of its request is written", async () => {
  const [first, second] = [
    await admin.sealed("staging", { RACE: "first", OTHER: "first" }),
    await admin.sealed("staging", { ALONE: "second", RACE: "second" }),
  ]
  assert.equal((await admin.call("POST", "/v1/secrets/commit", first)).status, 200)
  const refused = await admin.call("POST", "/v1/secrets/commit", second)
  assert.deepEqual([refused.status, refused.body.code], [409, "version_conflict"])
  assert.deepEqual(refused.body.facts, { name: "RACE", currentVersion: 1, nextVersion: 2 })
  assert.deepEqual(await admin.get("staging", "ALONE", "RACE", "OTHER"), { RACE: "first", OTHER: "first" })
})

test("many writers at once: each version is written by exactly one of them", async () => {
  const drafts = await Promise.all(
    Array.from({ length: 20 }, (_, index) => admin.sealed("staging", { BUSY: `${index}` })),
  )
  const answers = await Promise.all(drafts.map((draft) => admin.call("POST", "/v1/secrets/commit", draft)))
  assert.deepEqual(answers.map(({ status }) => status).sort(), [200, ...Array(19).fill(409)])
})

test("the identical write again is answered as before, even when newer ones followed", async () => {
  const draft = await admin.sealed("production", { AGAIN: "1" })
  const first = await admin.call("POST", "/v1/secrets/commit", draft)
  const second = await admin.call("POST", "/v1/secrets/commit", draft)
  assert.deepEqual([second.status, second.body], [200, first.body])
  await admin.set("production", { AGAIN: "2" })
  const third = await admin.call("POST", "/v1/secrets/commit", draft)
  assert.deepEqual([third.status, third.body], [200, first.body])
  assert.deepEqual(await admin.get("production", "AGAIN"), { AGAIN: "2" })
  const other = await admin.sealed("production", { AGAIN: "3" })
  const old = { ...other, writes: other.writes.map((write) => ({ ...write, previousVersion: 0, version: 1 })) }
  const refused = await admin.call("POST", "/v1/secrets/commit", old)
  assert.deepEqual([refused.status, refused.body.code], [409, "version_conflict"])
})

test("a list is paged in order of bytes, and narrowed by a prefix", async () => {
  const { admin: other } = await fresh(server)
  await other.set("production", { a: "", B: "", "a/b": "", "a/c": "", "a-": "", _: "" })
  const names: string[] = []
  let after = ""
  for (let page = 0; page < 10; page++) {
    const path = `/v1/secrets?environment=production&limit=2${after && `&after=${encodeURIComponent(after)}`}`
    const { secrets, next } = await other.expect("GET", path)
    names.push(...secrets.map(({ name }: { name: string }) => name))
    if (next === null) break
    after = next
  }
  assert.deepEqual(names, ["B", "_", "a", "a-", "a/b", "a/c"])
  const { secrets } = await other.expect("GET", "/v1/secrets?environment=production&prefix=a%2F")
  assert.deepEqual(
    secrets.map(({ name }: { name: string }) => name),
    ["a/b", "a/c"],
  )
  const history = await other.expect("GET", "/v1/secrets/a%2Fb/versions?environment=production")
  assert.equal(history.name, "a/b")
})

test("reading everything is paged too, and a large answer names what it left out", async () => {
  const { admin: other } = await fresh(server)
  const large = "x".repeat(60_000)
  const values = Object.fromEntries(
    Array.from({ length: 130 }, (_, index) => [`L${String(index).padStart(3, "0")}`, large]),
  )
  const names = Object.keys(values)
  for (let from = 0; from < names.length; from += 65) {
    const part = Object.fromEntries(Object.entries(values).slice(from, from + 65))
    assert.equal((await other.set("production", part)).status, 200)
  }
  const asked = names.map((name) => ({ name }))
  const named = await other.expect("POST", "/v1/secrets/read", { environment: "production", secrets: asked })
  assert.ok(named.rest.length > 0)
  assert.deepEqual(
    [...named.records, ...named.rest].map(({ name }: { name: string }) => name),
    names,
  )
  const read: string[] = []
  let after: string | undefined
  do {
    const page = await other.expect("POST", "/v1/secrets/read", {
      environment: "production",
      ...(after && { after }),
    })
    read.push(...page.records.map(({ name }: { name: string }) => name))
    after = page.next ?? undefined
  } while (after !== undefined)
  assert.deepEqual(read, names)
})

test("the key set's documents come along unless the caller holds the newest", async () => {
  const first = await admin.expect("POST", "/v1/secrets/read", {
    environment: "production",
    secrets: [{ name: "A" }],
  })
  assert.equal(first.keyset.manifests.length, 1)
  const keyset = await admin.keyset("production")
  const known = { rosterHash: toBase64Url(keyset.rosterHash), manifestHash: toBase64Url(keyset.manifestHash) }
  const second = await admin.expect("POST", "/v1/secrets/read", {
    environment: "production",
    secrets: [{ name: "A" }],
    known,
  })
  assert.equal(second.keyset, undefined)
  const prepared = await admin.expect("POST", "/v1/secrets/prepare", {
    environment: "production",
    names: ["A"],
    known,
  })
  assert.equal(prepared.keyset, undefined)
})

test("refuses what cannot be a record of this environment", async () => {
  const draft = await admin.sealed("staging", { R: "value" })
  const [write] = draft.writes
  assert.ok(write)
  const foreign = (await admin.sealed("production", { R: "value" })).writes[0]
  const bytes = fromBase64Url(write.record) ?? new Uint8Array(0)
  const changed = (change: (record: Uint8Array) => void) => {
    const copy = bytes.slice()
    change(copy)
    return toBase64Url(copy)
  }
  const cases: [name: string, record: string, status: number, code: string][] = [
    ["another environment's", foreign?.record ?? "", 400, "invalid_request"],
    ["unknown suite", changed((record) => record.set([2], 3)), 400, "invalid_request"],
    ["another epoch", changed((record) => record.set([7], 20)), 409, "epoch_changed"],
    ["too short", toBase64Url(bytes.subarray(0, 300)), 400, "invalid_request"],
    [
      "too large",
      toBase64Url(new Uint8Array([...bytes.subarray(0, 56), ...systemRandom(80_000)])),
      413,
      "value_too_large",
    ],
  ]
  for (const [name, record, status, code] of cases) {
    const body = { ...draft, writes: [{ ...write, record }] }
    const answer = await admin.call("POST", "/v1/secrets/commit", body)
    assert.deepEqual([answer.status, answer.body.code], [status, code], name)
  }
  const twice = await admin.call("POST", "/v1/secrets/commit", { ...draft, writes: [write, write] })
  assert.deepEqual([twice.status, twice.body.code], [400, "invalid_request"])
  assert.deepEqual(await admin.get("staging", "R"), {})
})

test("refuses names that are not allowed, wherever they are sent", async () => {
  for (const name of ["", "1A", "a b", "ä", "A\u0000", "x".repeat(256)]) {
    const environment = "staging"
    const answers = [
      await admin.call("POST", "/v1/secrets/read", { environment, secrets: [{ name }] }),
      await admin.call("POST", "/v1/secrets/prepare", { environment, names: [name] }),
      await admin.call("GET", `/v1/secrets/${encodeURIComponent(name)}/versions?environment=${environment}`),
    ]
    for (const answer of answers)
      assert.deepEqual([answer.status, answer.body.code], [400, "invalid_secret_name"], name)
  }
})

test("every answer carries the hash of an entry that says exactly what was given out", async () => {
  await admin.set("production", { R1: "1", R2: "2" })
  const secrets = ["R2", "R1", "NONE"].map((name) => ({ name }))
  const answer = await admin.call("POST", "/v1/secrets/read", { environment: "production", secrets })
  const receipt = answer.headers.get("halfkey-receipt")
  const stored = auditLog(server).find(({ leafHash }) => toBase64Url(leafHash) === receipt)
  assert.ok(stored)
  assert.deepEqual(stored.leafHash, Buffer.from(auditLeafHash(stored.bytes)))
  const { entry } = stored
  assert.equal(entry.action, "secret.read")
  assert.equal(entry.outcome, "allowed")
  assert.deepEqual(entry.names, ["R2@1", "R1@1"])
  assert.equal(entry.environment, "production")
  assert.equal(entry.clientId, admin.identity.clientId)
  assert.equal(entry.requestId, answer.headers.get("halfkey-request-id"))
  assert.equal(entry.address, "127.0.0.1")
})

test("refusals are written too, and the numbers of entries have no gap", async () => {
  const before = auditLog(server).length
  const answer = await admin.call("POST", "/v1/secrets/read", { environment: "nowhere" })
  assert.deepEqual([answer.status, answer.body.code], [404, "keyset_not_found"])
  assert.deepEqual(answer.body.facts.available, ["development", "production", "staging"])
  const log = auditLog(server)
  assert.equal(log.length, before + 1)
  const denied = log.map(({ entry }) => entry).filter(({ requestId }) => requestId === answer.body.requestId)
  assert.deepEqual(
    denied.map(({ outcome, code, environment }) => [outcome, code, environment]),
    [["denied", "keyset_not_found", "nowhere"]],
  )
  const byWorkspace = Map.groupBy(log, ({ entry }) => entry.workspaceId)
  for (const entries of byWorkspace.values()) {
    assert.deepEqual(
      entries.map(({ seq }) => seq),
      entries.map((_, index) => index),
    )
  }
})

/** A further workspace on the same server. */
async function fresh(server: TestServer): Promise<TestWorkspace> {
  await server.newSetupToken()
  return TestWorkspace.create(server)
}
