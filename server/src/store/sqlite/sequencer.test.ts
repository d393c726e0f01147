import assert from "node:assert/strict"
import { type TestContext, test } from "node:test"
import { auditLeaf } from "@halfkey/core/formats/audit-entry"
import { treeRoot } from "@halfkey/core/formats/merkle-tree"
import { toBase64Url } from "@halfkey/core/primitives/bytes"
import { sha256 } from "@halfkey/core/primitives/hash"
import Database from "better-sqlite3"
import fc from "fast-check"
import type { AuditHead } from "../../domain/audit/audit-store.ts"
import { TiledTree } from "../../domain/audit/tiles.ts"
import type { Guard } from "../../domain/store.ts"
import { workspaceDatabase, workspaceId } from "../../testing/workspace-database.ts"
import { Sequencer } from "../sequencer.ts"
import { SqlAuditStore, tileReader } from "../sql-audit-store.ts"
import { SqliteConnection } from "./connection.ts"
import { GroupCommit } from "./group-commit.ts"
import { sequencerDatabase } from "./sequencer-database.ts"

let made = 0
function entryGuard(): Guard {
  made++
  const { bytes, leafHash } = auditLeaf({
    v: 1,
    id: `entry ${made}`,
    time: new Date(made).toISOString(),
    workspaceId,
    requestId: "request",
    action: made % 10 === 0 ? "secret.commit" : "secret.read",
    outcome: made % 7 === 0 ? "denied" : "allowed",
    names: [`NAME_${made % 100}@1`],
    environment: "production",
    address: "127.0.0.1",
  })
  return { generation: 1, audit: { workspaceId, time: made, entry: bytes, leafHash } }
}

/** A sequencer on a clock that only moves when it is told to. */
class Bench {
  now = 0
  readonly heads: (AuditHead & { readonly at: number })[] = []
  readonly gaps: string[] = []
  readonly db: Database.Database
  readonly commits: GroupCommit
  sequencer: Sequencer
  /** How much of what is written the sequencer is handed; it reads the rest. */
  handsOn = (_: number) => true

  constructor({ db }: { readonly db: Database.Database }) {
    this.db = db
    this.sequencer = this.another()
    this.commits = new GroupCommit(db)
  }

  static async make(context: TestContext): Promise<Bench> {
    return new Bench(await workspaceDatabase(context))
  }

  another(): Sequencer {
    return new Sequencer({
      database: sequencerDatabase(this.db),
      now: () => this.now,
      onHead: (head) => this.heads.push({ ...head, at: this.now }),
      onGap: (_, message) => this.gaps.push(message),
    })
  }

  async append(count: number): Promise<void> {
    const { audits } = await this.commits.run({ audits: Array.from({ length: count }, entryGuard), calls: [] })
    assert.deepEqual(audits, { stale: [] })
    for (const [id, rows] of this.commits.takeAppended()) {
      const handed = rows.filter(({ seq }) => this.handsOn(seq))
      if (handed.length > 0) await this.sequencer.noteEntries(id, handed)
    }
    this.sequencer.note([workspaceId])
  }

  /** Steps until nothing is left to do, moving the clock when the sequencer waits. */
  async settle(): Promise<void> {
    for (let delay = this.sequencer.delay(); delay !== undefined; delay = this.sequencer.delay()) {
      this.now += delay
      await this.sequencer.step()
    }
  }

  leaves(): Uint8Array[] {
    const hashes = this.db.prepare("select leaf_hash from audit_entries order by seq").pluck().all() as Uint8Array[]
    return hashes.map((hash) => new Uint8Array(hash))
  }

  /** What a new process would find. */
  async check(): Promise<void> {
    const leaves = this.leaves()
    const reader = tileReader(new SqliteConnection(this.db), workspaceId)
    for (const size of new Set([1, leaves.length >> 1, leaves.length - 1, leaves.length])) {
      assert.deepEqual(await new TiledTree(reader).root(size), treeRoot(leaves.slice(0, size)), `size ${size}`)
    }
    const last = this.heads.at(-1)
    assert.deepEqual([last?.size, last?.rootHash], [leaves.length, treeRoot(leaves)])
  }
}

test("whatever the bursts, and however often it is ended in the middle: the tree is the one of the entries", async (context) => {
  const bench = await Bench.make(context)
  const bursts = fc.array(fc.tuple(fc.integer({ min: 1, max: 700 }), fc.integer({ min: 0, max: 12 })), {
    minLength: 1,
    maxLength: 6,
  })
  await fc.assert(
    fc.asyncProperty(bursts, async (each) => {
      for (const [count, steps] of each) {
        // None, all, or one here and there, as with entries of operations between those of reads.
        bench.handsOn = (seq) => steps % 3 === 0 || (steps % 3 === 1 && seq % 5 > 0)
        await bench.append(count)
        for (let step = 0; step < steps && bench.sequencer.delay() !== undefined; step++) {
          bench.now += bench.sequencer.delay() ?? 0
          await bench.sequencer.step()
        }
        // As after kill -9: what is not in the database is forgotten.
        bench.sequencer = bench.another()
        await bench.sequencer.begin()
      }
      await bench.settle()
      await bench.check()
    }),
    { numRuns: 12, seed: 20_260_131 },
  )
})

test("entries of a version that had no tree are brought in at the start", async (context) => {
  const bench = await Bench.make(context)
  await bench.commits.run({ audits: Array.from({ length: 3000 }, entryGuard), calls: [] })
  await bench.sequencer.begin()
  await bench.settle()
  await bench.check()
})

test("while the log grows there is a head within each second, and each covers what came before it", async (context) => {
  const bench = await Bench.make(context)
  const appended: { readonly at: number; readonly size: number }[] = []
  const end = 10_000
  let next = 0
  while (bench.now < end) {
    if (bench.now >= next) {
      await bench.append(10)
      appended.push({ at: bench.now, size: bench.leaves().length })
      next = bench.now + 10
    }
    if (bench.sequencer.delay() === 0) await bench.sequencer.step()
    bench.now += 5
  }
  assert.ok(bench.heads.length >= 10)
  for (const { at, size } of appended.filter((each) => each.at < end - 1000)) {
    const first = bench.heads.find((head) => head.size >= size)
    assert.ok(first !== undefined && first.at - at <= 1000, `entry ${size} of ${at} was covered at ${first?.at}`)
  }
  for (const [index, { size }] of bench.heads.entries()) assert.ok(size >= (bench.heads[index - 1]?.size ?? 0))
  await bench.settle()
  await bench.check()
})

test("a log that is far behind has heads on its way, and the others need not wait for it", async (context) => {
  const bench = await Bench.make(context)
  bench.handsOn = () => false
  await bench.append(5000)
  while (bench.sequencer.delay() !== undefined) {
    bench.now += bench.sequencer.delay() ?? 0
    await bench.sequencer.step()
    // Each step takes its time.
    bench.now += 20
  }
  assert.ok(bench.heads.length > 2, `${bench.heads.length} heads`)
  for (const [index, { at }] of bench.heads.entries()) assert.ok(at - (bench.heads[index - 1]?.at ?? 0) <= 1000)
  await bench.check()
})

test("an entry that somebody deleted ends the heads of this log, and says where", async (context) => {
  const bench = await Bench.make(context)
  bench.handsOn = () => false
  await bench.append(600)
  bench.db.prepare("delete from audit_entries where seq = 300").run()
  await bench.settle()
  assert.deepEqual(bench.gaps, ["the audit entry 300 is missing before 301"])
  assert.ok(bench.heads.every(({ size }) => size <= 300))
})

test("an entry of the last few that somebody deleted is noticed too", async (context) => {
  const bench = await Bench.make(context)
  await bench.append(100)
  bench.db.prepare("delete from audit_entries where seq = 50").run()
  await bench.settle()
  assert.deepEqual(bench.gaps, ["an audit entry or a part of its tree is missing"])
})

test("bytes that are no entry stay findable by number, and stop nothing", async (context) => {
  const bench = await Bench.make(context)
  await bench.append(300)
  bench.db.prepare("update audit_entries set entry = x'00ff' where seq = 3").run()
  await bench.settle()
  await bench.check()
})

test("a full disk only puts the tree off", async (context) => {
  const bench = await Bench.make(context)
  await bench.append(600)
  bench.db.pragma(`max_page_count = ${bench.db.pragma("page_count", { simple: true })}`)
  for (let step = 0; step < 40; step++) {
    bench.now += bench.sequencer.delay() ?? 0
    await bench.sequencer.step()
  }
  assert.equal(bench.db.prepare("select count(*) from audit_blocks").pluck().get(), 0)
  bench.db.pragma("max_page_count = 1000000")
  await bench.settle()
  await bench.check()
})

test("a leaf is found by its hash wherever it is, among a hundred thousand", async (context) => {
  const bench = await Bench.make(context)
  const insert = bench.db.prepare("insert into audit_entries values (?, ?, ?, ?, ?)")
  const count = 70_000
  const before = bench.leaves().length
  const hash = (seq: number) => sha256(Buffer.from(`entry ${seq}`))
  bench.db.transaction(() => {
    for (let seq = before; seq < count; seq++) insert.run(workspaceId, seq, seq, Buffer.from("{}"), hash(seq))
  })()
  await bench.sequencer.begin()
  await bench.settle()
  const store = new SqlAuditStore(new SqliteConnection(bench.db), undefined as never)
  for (const seq of [before, 255, 256, 65_535, 65_536, 65_791, 69_900, count - 1]) {
    assert.equal(await store.indexOf(workspaceId, hash(seq)), seq)
  }
  assert.equal(await store.indexOf(workspaceId, hash(count)), undefined)
  assert.equal(bench.db.prepare("select count(*) from audit_leaves").pluck().get(), 256)
  const { rootHash } = bench.heads.at(-1) ?? {}
  assert.equal(toBase64Url(rootHash ?? new Uint8Array(0)), toBase64Url(treeRoot(bench.leaves())))
})

test("a disk that cannot make a tile durable ends the thread: nobody knows what is there", async (context) => {
  const bench = await Bench.make(context)
  await bench.append(600)
  const exec = bench.db.exec.bind(bench.db)
  bench.db.exec = (sql) => {
    if (sql === "commit") throw new Database.SqliteError("disk I/O error", "SQLITE_IOERR_FSYNC")
    return exec(sql)
  }
  await assert.rejects(bench.settle(), { code: "SQLITE_IOERR_FSYNC" })
  assert.equal(bench.heads.length, 0)
  // The next process finds the entries, and goes on with them.
  bench.db.exec = exec
  bench.sequencer = bench.another()
  await bench.sequencer.begin()
  await bench.settle()
  await bench.check()
})
