import assert from "node:assert/strict"
import { test } from "node:test"
import { type AuditEntry, auditLeaf } from "@halfkey/core/formats/audit-entry"
import fc from "fast-check"
import type { AuditFilter } from "../domain/audit/audit-store.ts"
import { workspaceDatabase, workspaceId } from "../testing/workspace-database.ts"
import { AuditSearch } from "./audit-search.ts"
import { Sequencer } from "./sequencer.ts"
import { SqliteConnection } from "./sqlite/connection.ts"
import { sequencerDatabase } from "./sqlite/sequencer-database.ts"

const keysetIds = ["00000000-0000-4000-8000-00000000000a", "00000000-0000-4000-8000-00000000000b"]
const clientIds = [1, 2, 3].map((number) => `00000000-0000-8000-8000-00000000000${number}`)

function entryOf(seq: number, time: number): AuditEntry {
  return {
    v: 1,
    id: `00000000-0000-4000-8000-${String(seq).padStart(12, "0")}`,
    time: new Date(time).toISOString(),
    workspaceId,
    requestId: `request ${seq}`,
    action: seq % 11 === 0 ? "secret.commit" : "secret.read",
    outcome: seq % 13 === 0 ? "denied" : "allowed",
    clientId: clientIds[seq % 3] as never,
    apiKeyId: (seq % 2 === 0 ? "a" : "b").repeat(16) as never,
    environment: seq % 5 === 0 ? "staging" : "production",
    keysetId: keysetIds[seq % 5 === 0 ? 1 : 0] as never,
    names: [`NAME_${seq % 17}@${seq % 3}`, `OTHER_${seq % 29}`],
    address: seq % 4 === 0 ? "10.0.0.7" : 'quotes ","id":" inside',
  }
}

const optional = <T>(values: readonly T[]) => fc.option(fc.constantFrom(...values), { nil: undefined })
const times = optional([0, 500, 1000, 2500, 9_999_999])
const filters: fc.Arbitrary<AuditFilter> = fc.record({
  since: times,
  until: times,
  client: optional(clientIds) as fc.Arbitrary<AuditFilter["client"]>,
  apiKey: optional(["a".repeat(16), "c".repeat(16)]) as fc.Arbitrary<AuditFilter["apiKey"]>,
  environment: optional(["staging", "production", "nowhere", ...keysetIds]),
  name: optional(["NAME_3", "OTHER_5", "NAME_3@0", "NOWHERE"]),
  action: optional(["secret.read", "secret.commit", "client.list"]),
  outcome: optional(["allowed", "denied"] as const),
})

function isWanted(entry: AuditEntry, time: number, filter: AuditFilter): boolean {
  const { since, until, client, apiKey, environment, name, action, outcome } = filter
  return (
    (since === undefined || time >= since) &&
    (until === undefined || time < until) &&
    (client === undefined || entry.clientId === client) &&
    (apiKey === undefined || entry.apiKeyId === apiKey) &&
    (environment === undefined || [entry.environment, entry.keysetId].includes(environment as never)) &&
    (name === undefined || (entry.names ?? []).some((each) => each.replace(/@.*/, "") === name)) &&
    (action === undefined || entry.action === action) &&
    (outcome === undefined || entry.outcome === outcome)
  )
}

test("pages of any filter, order and size hold what a look at every entry finds", async (context) => {
  const { db } = await workspaceDatabase(context)
  const connection = new SqliteConnection(db)
  db.exec("delete from audit_entries")
  const insert = db.prepare("insert into audit_entries values (?, ?, ?, ?, ?)")
  const all: { readonly seq: number; readonly time: number; readonly entry: AuditEntry }[] = []
  const sequencer = new Sequencer({
    database: sequencerDatabase(db),
    now: () => 0,
    onHead: () => {},
    onGap: () => assert.fail(),
  })
  for (let seq = 0; seq < 3000; seq++) {
    // Clocks go back now and then.
    const time = seq + (seq % 50 === 0 ? -40 : 0) + 100
    const entry = entryOf(seq, time)
    const { bytes, leafHash } = auditLeaf(entry)
    insert.run(workspaceId, seq, time, bytes, leafHash)
    all.push({ seq, time, entry })
  }
  // A part is in blocks, a part is not.
  await sequencer.begin()
  while ((db.prepare("select count(*) from audit_blocks").pluck().get() as number) < 8) await sequencer.step()

  const pages = fc.record({
    limit: fc.integer({ min: 1, max: 400 }),
    order: fc.constantFrom("asc" as const, "desc" as const),
    after: fc.option(fc.integer({ min: 0, max: 3100 }), { nil: undefined }),
  })
  await fc.assert(
    fc.asyncProperty(filters, pages, async (filter, { limit, order, after: begin }) => {
      const found: number[] = []
      let after: number | undefined = begin
      for (;;) {
        const page = await new AuditSearch(connection, workspaceId, filter, { after, limit, order }).run()
        assert.ok(page.entries.length <= limit)
        found.push(...page.entries.map(({ index }) => index))
        if (page.next === undefined) break
        assert.notEqual(page.next, after)
        after = page.next
      }
      const expected = all.filter(({ entry, time }) => isWanted(entry, time, filter)).map(({ seq }) => seq)
      const ordered = order === "asc" ? expected : expected.toReversed()
      const isBehind = (seq: number) => begin === undefined || (order === "asc" ? seq > begin : seq < begin)
      assert.deepEqual(found, ordered.filter(isBehind))
    }),
    { numRuns: 60, seed: 20_260_131 },
  )
})

test("a question that finds nothing among entries without an index ends, and says where to go on", async (context) => {
  const { db } = await workspaceDatabase(context)
  db.exec("delete from audit_entries")
  const insert = db.prepare("insert into audit_entries values (?, ?, ?, ?, ?)")
  const { bytes, leafHash } = auditLeaf(entryOf(1, 1))
  const count = 25_000
  db.transaction(() => {
    for (let seq = 0; seq < count; seq++) insert.run(workspaceId, seq, 1, bytes, leafHash)
  })()
  const connection = new SqliteConnection(db)
  const visited: number[] = []
  for (let after: number | undefined; ; ) {
    const page = { after, limit: 100, order: "asc" } as const
    const { entries, next } = await new AuditSearch(connection, workspaceId, { name: "NOWHERE" }, page).run()
    assert.deepEqual(entries, [])
    if (next === undefined) break
    visited.push(next)
    after = next
  }
  assert.deepEqual(visited, [9999, 19_999])
})

test("a page of large entries ends before it is too large", async (context) => {
  const { db } = await workspaceDatabase(context)
  db.exec("delete from audit_entries")
  const insert = db.prepare("insert into audit_entries values (?, ?, ?, ?, ?)")
  const keyIds = Array.from({ length: 10_000 }, () => "A".repeat(22))
  const { bytes, leafHash } = auditLeaf({ ...entryOf(1, 1), keyIds })
  for (let seq = 0; seq < 40; seq++) insert.run(workspaceId, seq, 1, bytes, leafHash)
  const page = { after: undefined, limit: 1000, order: "asc" } as const
  const { entries, next } = await new AuditSearch(new SqliteConnection(db), workspaceId, {}, page).run()
  assert.ok(entries.length > 5 && entries.length < 40)
  assert.equal(next, entries.length - 1)
})
