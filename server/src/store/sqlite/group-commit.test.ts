import assert from "node:assert/strict"
import { test } from "node:test"
import type Database from "better-sqlite3"
import type { CommitInput } from "../../domain/store-inputs.ts"
import {
  clientId,
  guard,
  keysetId,
  workspaceDatabase,
  workspaceId,
  workspaceInput,
} from "../../testing/workspace-database.ts"
import type { OperationCall } from "../operations/operations.ts"
import { decodeAudits, encodeAudits } from "./audit-batch.ts"
import type { BatchOutcome } from "./group-commit.ts"

function commit(
  name: string,
  version: number,
  record = new Uint8Array(400).fill(version),
  generation = 1,
): OperationCall {
  const write = {
    newId: `id of ${name}`,
    name,
    previousVersion: version - 1,
    version,
    deleted: false,
    record,
    hash: new Uint8Array(32).fill(version),
    epoch: 1,
    keyId: new Uint8Array(16),
  }
  const input: CommitInput = { keysetId, workspaceId, clientId, epoch: 1, versionFloor: 0, now: 5, writes: [write] }
  return { name: "commitSecrets", parameters: [guard(generation), input] }
}

const count = (db: Database.Database, table: string) =>
  (db.prepare(`select count(*) as n from ${table}`).get() as { n: number }).n

/** Every invariant that a reader relies on, whatever was done before. */
function check(db: Database.Database): void {
  assert.equal(db.pragma("integrity_check", { simple: true }), "ok")
  assert.deepEqual(db.pragma("foreign_key_check"), [])
  const seqs = db.prepare("select seq from audit_entries order by seq").pluck().all()
  assert.deepEqual(
    seqs,
    seqs.map((_, index) => index),
  )
  const wrong = db
    .prepare(
      "select count(*) from secrets s where s.version <> (select max(version) from secret_versions v where v.secret_id = s.id)",
    )
    .pluck()
    .get()
  assert.equal(wrong, 0)
}

const kinds = (outcome: BatchOutcome) => outcome.calls.map((each) => (each.ok ? "ok" : each.failure.kind))

test("settings are as durable as promised", async (context) => {
  const { db } = await workspaceDatabase(context)
  assert.equal(db.pragma("journal_mode", { simple: true }), "wal")
  assert.equal(db.pragma("synchronous", { simple: true }), 2)
  assert.equal(db.pragma("foreign_keys", { simple: true }), 1)
  assert.equal(db.pragma("temp_store", { simple: true }), 2)
})

test("an operation that fails leaves its neighbours alone, and nothing of itself", async (context) => {
  const { db, commits } = await workspaceDatabase(context)
  const broken: OperationCall = {
    name: "commitSecrets",
    parameters: [guard(), { ...(commit("X", 1).parameters[1] as CommitInput), clientId: null as never }],
  }
  const before = count(db, "audit_entries")
  const outcome = await commits.run({
    audits: [guard()],
    calls: [commit("A", 1), commit("A", 1, undefined, 7), commit("A", 5), broken, commit("B", 1)],
  })
  assert.deepEqual(outcome.audits, { stale: [] })
  assert.deepEqual(kinds(outcome), ["ok", "stale", "problem", "unexpected", "ok"])
  assert.equal(count(db, "audit_entries"), before + 3)
  assert.deepEqual(db.prepare("select name from secrets order by name").pluck().all(), ["A", "B"])
  check(db)
})

test("an epoch does not go while a record needs it, though the record came after the service had looked", async (context) => {
  const { db, commits } = await workspaceDatabase(context)
  const [first] = workspaceInput.keysets
  assert.ok(first !== undefined)
  const rotated: OperationCall = {
    name: "updateKeyset",
    parameters: [
      guard(),
      {
        ...first,
        keyset: { ...first.keyset, revision: 2, epoch: 2 },
        manifest: { ...first.manifest, number: 2 },
        liveEpochs: [2],
        authorityKeys: [{ keysetId, epoch: 2, wrapped: new Uint8Array(60) }],
      },
    ],
  }
  const outcome = await commits.run({ audits: [], calls: [commit("A", 1), rotated] })
  assert.deepEqual(kinds(outcome), ["ok", "problem"])
  assert.deepEqual(db.prepare("select epoch from authority_keys").pluck().all(), [1])
  check(db)
})

test("entries whose workspace has moved on are not written, the others are", async (context) => {
  const { db, commits } = await workspaceDatabase(context)
  const before = count(db, "audit_entries")
  const outcome = await commits.run({ audits: [guard(1), guard(2), guard(0), guard(1)], calls: [] })
  assert.deepEqual(outcome.audits, { stale: [1, 2] })
  assert.equal(count(db, "audit_entries"), before + 2)
  check(db)
})

test("a permission that a neighbour in the same batch takes away is gone", async (context) => {
  const { db, commits } = await workspaceDatabase(context)
  const revoke: OperationCall = { name: "revokeClient", parameters: [guard(), { clientId, revokedAt: 9 }] }
  const outcome = await commits.run({ audits: [guard()], calls: [revoke, commit("A", 1)] })
  assert.deepEqual(outcome.audits, { stale: [] })
  assert.deepEqual(kinds(outcome), ["ok", "stale"])
  assert.equal(count(db, "secrets"), 0)
  check(db)
})

test("the database itself refuses the same version twice", async (context) => {
  const { db, commits } = await workspaceDatabase(context)
  await commits.run({ audits: [], calls: [commit("A", 1)] })
  const insert =
    "insert into secret_versions select null, secret_id, version, deleted, record, hash, keyset_id, epoch, key_id, client_id, created_at from secret_versions"
  assert.throws(() => db.exec(insert), /UNIQUE/)
  assert.throws(
    () =>
      db.exec(
        "insert into secrets select 'other', keyset_id, name, version, deleted, created_at, updated_at, record_number from secrets",
      ),
    /UNIQUE/,
  )
})

test("a full disk changes nothing, spares what fits, and is over when there is room again", async (context) => {
  const { db, commits } = await workspaceDatabase(context)
  await commits.run({ audits: [], calls: [commit("A", 1)] })
  const pages = db.pragma("page_count", { simple: true }) as number
  db.pragma(`max_page_count = ${pages + 4}`)
  const before = count(db, "audit_entries")

  const large = commit("LARGE", 1, new Uint8Array(1_000_000))
  const mixed = await commits.run({ audits: [guard()], calls: [commit("SMALL", 1), large, commit("A", 2)] })
  assert.deepEqual(mixed.audits, { stale: [] })
  assert.deepEqual(kinds(mixed), ["ok", "full", "ok"])
  assert.equal(count(db, "audit_entries"), before + 3)
  check(db)

  const full = await commits.run({ audits: [guard(1, 200_000)], calls: [] })
  assert.deepEqual(full.audits, { failure: { kind: "full" } })
  assert.equal(count(db, "audit_entries"), before + 3)

  db.pragma("max_page_count = 1000000")
  const later = await commits.run({ audits: [guard(1, 200_000)], calls: [large] })
  assert.deepEqual(later.audits, { stale: [] })
  assert.deepEqual(kinds(later), ["ok"])
  check(db)
})

test("entries travel to the writer's thread as they are", () => {
  const guards = [guard(1, 0), guard(2, 1), guard(3, 5000)]
  const sent = structuredClone(encodeAudits(guards))
  assert.deepEqual(decodeAudits(sent), guards)
})
