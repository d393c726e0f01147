import assert from "node:assert/strict"
import { after, test } from "node:test"
import { auditLeafHash } from "@halfkey/core/formats/audit-entry"
import { isCheckpointSignedBy, parseCheckpoint } from "@halfkey/core/formats/checkpoint"
import { isConsistent, isIncluded } from "@halfkey/core/formats/merkle-proof"
import { treeRoot } from "@halfkey/core/formats/merkle-tree"
import { fromBase64Url, toBase64Url, utf8 } from "@halfkey/core/primitives/bytes"
import type { AuditEntriesResponse } from "@halfkey/core/wire/audit"
import { auditLog } from "../../testing/audit-log.ts"
import { TestServer } from "../../testing/test-server.ts"
import { TestWorkspace } from "../../testing/test-workspace.ts"

const server = await TestServer.start({ after })
const workspace = await TestWorkspace.create(server, ["production", "staging"])
const { admin, draft } = workspace

const bytes = (text: string) => fromBase64Url(text) ?? new Uint8Array(0)
const hashesOf = (texts: readonly string[]) => texts.map(bytes)

/** A checkpoint of at least so many entries. */
async function checkpointOf(size: number) {
  for (;;) {
    const found = parseCheckpoint((await admin.expect("GET", "/v1/audit/checkpoint")).checkpoint)
    if (found.size >= size) return found
  }
}

async function all(query: string): Promise<AuditEntriesResponse["entries"]> {
  const found: AuditEntriesResponse["entries"] = []
  for (let after: number | undefined; ; ) {
    const path = `/v1/audit/entries?${query}${after === undefined ? "" : `&after=${after}`}`
    const page: AuditEntriesResponse = await admin.expect("GET", path)
    found.push(...page.entries)
    if (page.next === undefined) return found
    after = page.next
  }
}

const numbers = (entries: AuditEntriesResponse["entries"]) => entries.map(({ index }) => index)

test("an answer's receipt is in the tree of the next checkpoint, and the server proves it", async () => {
  const { headers } = await admin.set("production", { A: "1" })
  const receipt = headers.get("halfkey-receipt") ?? ""
  const checkpoint = await checkpointOf(auditLog(server).length)
  assert.equal(checkpoint.origin, `halfkey/${draft.root.workspaceId}/1`)
  assert.ok(isCheckpointSignedBy(checkpoint, draft.roster.auditKey))
  const proof = await admin.expect("GET", `/v1/audit/proof?leaf=${receipt}&size=${checkpoint.size}`)
  assert.equal(proof.size, checkpoint.size)
  assert.ok(isIncluded(bytes(receipt), proof.index, checkpoint.size, hashesOf(proof.hashes), checkpoint.rootHash))
})

test("the tree over the exported entries is the one that was signed, and it only grows", async () => {
  const first = await checkpointOf(1)
  for (let count = 0; count < 300; count++) await admin.get("production", "A")
  const second = await checkpointOf(first.size + 300)
  const entries = await all("limit=170")
  assert.deepEqual(
    numbers(entries),
    entries.map((_, index) => index),
  )
  const leaves = entries.map(({ entry }) => auditLeafHash(utf8(entry)))
  for (const { size, rootHash } of [first, second]) assert.deepEqual(treeRoot(leaves.slice(0, size)), rootHash)
  const { hashes } = await admin.expect("GET", `/v1/audit/proof?from=${first.size}&to=${second.size}`)
  assert.ok(isConsistent(first.size, second.size, first.rootHash, second.rootHash, hashesOf(hashes)))
})

test("filters find what they say, through the index and behind it, in both orders", async () => {
  const member = await workspace.createClient({ staging: "read-write" })
  const { keysetId } = await admin.keyset("staging")
  await member.set("staging", { ONLY_HERE: "1", OTHER: "2" })
  assert.equal((await member.call("GET", "/v1/clients")).status, 403)
  const log = auditLog(server)
  const since = log[100]?.entry.time ?? ""
  const until = log[200]?.entry.time ?? ""
  const isIn = (time: string) => time >= since && time < until
  const { clientId } = member.identity
  const cases: readonly (readonly [query: string, fits: (entry: (typeof log)[number]["entry"]) => boolean])[] = [
    [`client=${clientId}`, (entry) => entry.clientId === clientId],
    [`client=${clientId}&outcome=denied`, (entry) => entry.clientId === clientId && entry.outcome === "denied"],
    ["name=ONLY_HERE", (entry) => entry.names?.some((name) => /^ONLY_HERE(@|$)/.test(name)) ?? false],
    ["name=A&action=secret.commit", (entry) => entry.action === "secret.commit" && entry.names?.[0] === "A@1"],
    ["environment=staging", (entry) => entry.environment === "staging"],
    [`environment=${keysetId}`, (entry) => entry.keysetId === keysetId],
    ["action=secret.read", (entry) => entry.action === "secret.read"],
    [`apiKey=${member.parts.apiKey.slice(5, 21)}`, (entry) => entry.apiKeyId === member.parts.apiKey.slice(5, 21)],
    [`since=${since}&until=${until}`, ({ time }) => isIn(time)],
    [`since=${since}&until=${until}&action=secret.read`, ({ time, action }) => isIn(time) && action === "secret.read"],
    ["name=NOWHERE", () => false],
  ]
  for (const [query, fits] of cases) {
    const expected = log.filter(({ entry }) => fits(entry)).map(({ seq }) => seq)
    const readings = log.length
    const found = numbers(await all(`${query}&limit=7`)).filter((index) => index < readings)
    assert.deepEqual(found, expected, query)
    const down = numbers(await all(`${query}&limit=50&order=desc`)).filter((index) => index < readings)
    assert.deepEqual(down, expected.toReversed(), query)
    if (query !== "name=NOWHERE") assert.ok(expected.length > 0, query)
  }
})

test("reading the log is logged with what was asked", async () => {
  await admin.expect("GET", "/v1/audit/entries?name=A&limit=1")
  const last = auditLog(server).at(-1)?.entry
  assert.deepEqual([last?.action, last?.subject], ["audit.read", "entries name=A limit=1"])
})

test("what is not there, or not yet signed, is refused by name", async () => {
  const { size } = await checkpointOf(1)
  const nobody = toBase64Url(new Uint8Array(32).fill(7))
  const refused = async (query: string) => {
    const { status, body } = await admin.call("GET", `/v1/audit/proof?${query}`)
    return [status, body.code]
  }
  assert.deepEqual(await refused(`leaf=${nobody}&size=${size}`), [404, "audit_entry_not_found"])
  const leaf = toBase64Url(auditLog(server)[5]?.leafHash ?? new Uint8Array(0))
  assert.deepEqual(await refused(`leaf=${leaf}&size=5`), [404, "audit_entry_not_found"])
  assert.deepEqual(await refused(`leaf=${leaf}&size=1000000`), [400, "invalid_request"])
  assert.deepEqual(await refused("from=1&to=1000000"), [400, "invalid_request"])
  assert.deepEqual(await refused("from=3&to=2"), [400, "invalid_request"])
  assert.deepEqual(await refused(`leaf=${leaf}&from=1`), [400, "invalid_request"])
  const { status } = await admin.call("GET", "/v1/audit/entries?since=yesterday")
  assert.equal(status, 400)
})
