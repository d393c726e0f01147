import assert from "node:assert/strict"
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { type TestContext, test } from "node:test"
import { auditLeafHash } from "@halfkey/core/formats/audit-entry"
import { parseCheckpoint } from "@halfkey/core/formats/checkpoint"
import { isIncluded } from "@halfkey/core/formats/merkle-proof"
import { treeRoot } from "@halfkey/core/formats/merkle-tree"
import { fromBase64Url, toBase64Url, utf8 } from "@halfkey/core/primitives/bytes"
import { sha256 } from "@halfkey/core/primitives/hash"
import type { AuditEntriesResponse } from "@halfkey/core/wire/audit"
import Database from "better-sqlite3"
import { readConfig } from "../config.ts"
import { auditLog } from "../testing/audit-log.ts"
import { TestServer } from "../testing/test-server.ts"
import { TestWorkspace } from "../testing/test-workspace.ts"
import { archiveAudit } from "./archive-audit.ts"

const tomorrow = "2999-01-01"

/** A server with a log of some blocks, all covered by a checkpoint. */
async function scene(context: TestContext, env: Readonly<Record<string, string>> = {}) {
  const server = await TestServer.start(context, { env })
  const { admin } = await TestWorkspace.create(server, ["production"])
  await admin.set("production", { A: "1" })
  while (auditLog(server).length < 560)
    await Promise.all(Array.from({ length: 20 }, () => admin.get("production", "A")))
  const checkpoint = async (size: number) => {
    for (;;) {
      const found = parseCheckpoint((await admin.expect("GET", "/v1/audit/checkpoint")).checkpoint)
      if (found.size >= size) return found
      // Asking makes the log grow.
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
  }
  await checkpoint(560)
  const directory = mkdtempSync(join(tmpdir(), "halfkey-archive-"))
  context.after(() => rmSync(directory, { recursive: true, force: true }))
  const config = readConfig({ HALFKEY_DATA_DIR: server.dataDirectory, ...env })
  const onFatal = (error: Error) => {
    throw error
  }
  const archive = (before: string) => archiveAudit({ config, onFatal }, ["--before", before, "--to", directory])
  return { server, admin, checkpoint, directory, archive }
}

async function all(admin: TestWorkspace["admin"], query = ""): Promise<AuditEntriesResponse> {
  const found: AuditEntriesResponse = { entries: [], archived: [] }
  for (let after: number | undefined; ; ) {
    const path = `/v1/audit/entries?limit=1000${query}${after === undefined ? "" : `&after=${after}`}`
    const page: AuditEntriesResponse = await admin.expect("GET", path)
    found.entries.push(...page.entries)
    found.archived?.push(...(page.archived ?? []))
    if (page.next === undefined) return found
    after = page.next
  }
}

test("what was moved is in a file, and file and log together are the tree that was signed", async (context) => {
  const { admin, archive, checkpoint, directory, server } = await scene(context)
  const log = auditLog(server)
  assert.match(await archive(tomorrow), /entries 0 to 511 are in /)
  const [name = ""] = readdirSync(directory)
  const path = join(directory, name)
  assert.equal(statSync(path).mode & 0o777, 0o600)
  const lines = readFileSync(path, "utf8").split("\n").slice(0, -1)
  const moved: AuditEntriesResponse["entries"] = lines.map((line) => JSON.parse(line))

  const { archived = [], entries } = await all(admin)
  assert.deepEqual(
    archived.map(({ first, last, file, hash }) => [first, last, file, hash]),
    [[0, 511, name, toBase64Url(sha256(readFileSync(path)))]],
  )
  const together = [...moved, ...entries]
  assert.deepEqual(
    together.map(({ index }) => index),
    together.map((_, index) => index),
  )
  const head = await checkpoint(together.length)
  const now = (await all(admin)).entries
  const leaves = [...moved, ...now].map(({ entry }) => auditLeafHash(utf8(entry)))
  assert.deepEqual(treeRoot(leaves.slice(0, head.size)), head.rootHash)

  const old = log[100]?.leafHash ?? new Uint8Array(0)
  const proof = await admin.expect("GET", `/v1/audit/proof?leaf=${toBase64Url(old)}&size=${head.size}`)
  const hashes = proof.hashes.map((each: string) => fromBase64Url(each))
  assert.ok(isIncluded(new Uint8Array(old), 100, head.size, hashes, head.rootHash))

  const last = auditLog(server).find(({ entry }) => entry.action === "audit.archive")?.entry
  assert.match(last?.subject ?? "", /^entries 0 to 511 are in [A-Z2-7]{26}-0-511\.jsonl, SHA-256 /)
  assert.equal(await archive(tomorrow).then((text) => /nothing to move/.test(text)), true)
  const { archived: passed, entries: found } = await all(admin, "&name=A&order=desc")
  assert.ok((passed ?? []).length > 0 && found.every(({ index }) => index >= 512))

  // The server goes on, also after a restart.
  await server.stop()
  await server.startAgain()
  await admin.set("production", { A: "2" })
  const [first] = auditLog(server)
  assert.equal(first?.seq, 512)
  await checkpoint(auditLog(server).at(-1)?.seq ?? 0)
})

test("entries that are newer stay, and so does what a stream has not taken", async (context) => {
  const { archive, directory, server } = await scene(context)
  assert.match(await archive("2020-01-01"), /nothing to move/)
  assert.match(await archive("1d"), /nothing to move/)
  assert.deepEqual(readdirSync(directory), [])
  const secret = join(directory, "stream.jsonl")
  const config = readConfig({ HALFKEY_DATA_DIR: server.dataDirectory, HALFKEY_AUDIT_STREAM_FILE: secret })
  const held = await archiveAudit({ config, onFatal: () => {} }, ["--before", tomorrow, "--to", directory])
  assert.match(held, /nothing to move: the file stream has taken 0 entries \(--forget-stream file /)
})

test("a stream that lags behind holds entries also for a shell without the server's variables", async (context) => {
  const { archive, directory, server } = await scene(context)
  const db = new Database(server.databasePath)
  db.exec("insert into audit_cursors select id, 'webhook', 300 from workspaces")
  db.close()
  assert.match(await archive(tomorrow), /entries 0 to 255 are in /)
  assert.match(await archive(tomorrow), /nothing to move: the webhook stream has taken 300 entries/)
  const config = readConfig({ HALFKEY_DATA_DIR: server.dataDirectory })
  const words = ["--before", tomorrow, "--to", directory, "--forget-stream", "webhook"]
  assert.match(await archiveAudit({ config, onFatal: () => {} }, words), /entries 256 to 511 are in /)
})

test("a run that was ended before it deleted anything is finished by the next one", async (context) => {
  const { admin, archive, directory, server } = await scene(context)
  await server.stop()
  const copy = new Database(server.databasePath)
  const rows = copy.prepare("select * from audit_entries where seq < 512").all() as Record<string, unknown>[]
  await archive(tomorrow)
  // As if nothing had been deleted yet.
  const insert = copy.prepare("insert into audit_entries values (:workspace_id, :seq, :time, :entry, :leaf_hash)")
  copy.transaction(() => {
    for (const row of rows) insert.run(row)
  })()
  await server.startAgain()
  assert.equal((await all(admin)).entries[0]?.index, 512)
  assert.match(await archive(tomorrow), /nothing to move/)
  assert.equal(copy.prepare("select min(seq) from audit_entries").pluck().get(), 512)
  copy.close()
  assert.equal(readdirSync(directory).length, 1)
})

test("an entry that somebody changed is not moved as if it were right", async (context) => {
  const { archive, directory, server } = await scene(context)
  const db = new Database(server.databasePath)
  db.exec(
    "update audit_entries set entry = cast(replace(cast(entry as text), 'allowed', 'refused') as blob) where seq = 7",
  )
  await assert.rejects(archive(tomorrow), /entry 7 of [A-Z2-7]{26} is not the one in the tree/)
  assert.deepEqual(readdirSync(directory), [])
  assert.equal(db.prepare("select min(seq) from audit_entries").pluck().get(), 0)
  db.close()
})

test("arguments that are not usable are refused before anything is opened", async () => {
  const config = readConfig({ HALFKEY_DATA_DIR: "/nowhere" })
  const refuse = (words: readonly string[], why: RegExp) =>
    assert.rejects(archiveAudit({ config, onFatal: () => {} }, words), why)
  await refuse([], /--before and --to are needed/)
  await refuse(["--before", "yesterday", "--to", tmpdir()], /--before is no time/)
  await refuse(["--before", "7d", "--to", "/nowhere/at/all"], /is no directory/)
  await refuse(["--before", "7d", "--until", "x"], /unknown arguments/)
  await refuse(["--before", "7d", "--to", tmpdir(), "--forget-stream", "x"], /file or webhook/)
})
