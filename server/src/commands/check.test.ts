import assert from "node:assert/strict"
import { readFileSync, writeFileSync } from "node:fs"
import { test } from "node:test"
import Database from "better-sqlite3"
import { readConfig } from "../config.ts"
import { auditLog } from "../testing/audit-log.ts"
import { backupScene } from "../testing/backup-scene.ts"
import { keyPath } from "../testing/rotation-scene.ts"
import type { TestClient } from "../testing/test-client.ts"
import { archiveAudit } from "./archive-audit.ts"

test("a sound database is said to be sound, beside a running server", async (context) => {
  const { server, check, report } = await backupScene(context)
  const said = await check()
  assert.equal(said.exit, 0)
  assert.match(
    said.text,
    /halfkey\.db is sound: schema \d+, 1 workspace, 2 environments, 3 secrets in 3 versions, \d+ audit entries\n$/,
  )
  const { counts, ...rest } = await report()
  assert.deepEqual(rest, { sound: true, schema: rest.schema, openedKeys: true, findings: [], findingCount: 0 })
  assert.equal(counts?.auditEntries, auditLog(server).length)
  await assert.rejects(check(["-o", "xml"]), { code: "invalid_argument", message: "-o is text or json" })
  await assert.rejects(check(["file"]), { code: "invalid_argument" })
  const other = await check([], { HALFKEY_ROOT_KEY: "A".repeat(43) })
  assert.equal(other.exit, 7)
  assert.match(
    other.text,
    /\n {2}keys: .*: the database needs the root key [0-9a-f]{16}, the one in HALFKEY_ROOT_KEY is /,
  )
  const elsewhere = await check([], { HALFKEY_ROOT_KEY_FILE: `${keyPath(server)}.none` })
  assert.equal(elsewhere.exit, 0)
  assert.match(elsewhere.text, /\n {2}wrapped keys were not opened: there is no root key here/)
})

/** Waits until a checkpoint covers so many entries. */
async function checkpointOf(size: number, admin: TestClient): Promise<void> {
  for (;;) {
    const { checkpoint } = await admin.expect("GET", "/v1/audit/checkpoint")
    if (Number(checkpoint.split("\n")[1]) >= size) return
    // Asking makes the log grow.
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}

/** Each change of one place of a sound database, and what is said of it. */
const changes: readonly (readonly [sql: string, check: string, place: RegExp, problem: RegExp])[] = [
  [
    'update rosters set document = replace(document, \'"seq":1\', \'"seq":1,"x":1\')',
    "documents",
    /roster 1$/,
    /no such field/,
  ],
  [
    "update rosters set document = json_set(document, '$.createdAt', '2020-01-01T00:00:00.000Z')",
    "documents",
    /roster 1$/,
    /its signature is wrong/,
  ],
  ["update rosters set hash = randomblob(32)", "documents", /roster 1$/, /another hash/],
  ["delete from rosters", "documents", /^workspace [A-Z2-7]{26}$/, /it has no roster/],
  ["update workspaces set root_sign_pk = randomblob(32)", "documents", /^workspace/, /do not hash to its id/],
  ["update clients set kem_pk = zeroblob(1216)", "documents", /client [0-9a-f-]{36}$/, /do not hash to its id/],
  [
    "update manifests set document = json_set(document, '$.versionFloor', 7)",
    "documents",
    /environment production \([0-9a-f-]{36}\), revision 1$/,
    /its signature is wrong/,
  ],
  ["update manifests set document = 'no JSON'", "documents", /environment staging .*revision 1$/, /JSON/],
  ["update keysets set state = 'disabled' where name = 'staging'", "documents", /environment staging/, /another state/],
  ["update keyset_members set mode = 'read'", "documents", /environment production/, /other members/],
  ["update authority_keys set wrapped = randomblob(60)", "keys", /environment production.*, epoch 1$/, /does not open/],
  [
    "delete from authority_keys",
    "records",
    /environment production.*, FIRST, version 1$/,
    /no authority key of its epoch 1/,
  ],
  ["delete from authority_keys", "keys", /environment production.*, epoch 1$/, /its authority key is missing/],
  ["delete from grants", "keys", /environment production.*, epoch 1$/, /the grant of client .* is missing/],
  ["delete from recovery_grants", "keys", /environment staging.*, epoch 1$/, /its recovery grant is missing/],
  ["update recovery_grants set enc = randomblob(1120)", "keys", /epoch 1$/, /is not the one that the manifest names/],
  ["update signing_keys set wrapped = randomblob(60)", "keys", /^token-key /, /does not open/],
  ["delete from signing_keys where kind = 'token-key'", "keys", /^the server$/, /it has no token-key/],
  ["update secret_versions set hash = randomblob(32)", "records", /FIRST, version 1$/, /another hash/],
  ["update secret_versions set record = randomblob(400)", "records", /FIRST, version 1$/, /unknown kind/],
  ["update secret_versions set key_id = randomblob(16)", "records", /SECOND, version 1$/, /another key than its row/],
  [
    "update secrets set version = 3 where name = 'SECOND'",
    "records",
    /SECOND$/,
    /does not point to its newest version/,
  ],
  ["delete from secret_versions where version = 1", "references", /halfkey\.db$/, /nothing in secret_versions/],
  ["delete from audit_entries where seq = 2", "audit log", /entry 2$/, /it is missing: the next one is 3/],
  ["delete from audit_entries where seq > 2", "audit log", /checkpoint of \d+ entries$/, /there are 3 entries only/],
  [
    "update audit_entries set entry = cast(entry || ' ' as blob) where seq = 1",
    "audit log",
    /entry 1$/,
    /its hash differs/,
  ],
  [
    "update audit_checkpoints set note = replace(note, 'halfkey/', 'halfkex/')",
    "audit log",
    /checkpoint/,
    /it is of another log/,
  ],
  ["update audit_checkpoints set size = size - 1", "audit log", /checkpoint/, /another size/],
]

test("what is not as it should be is found, with its place", async (context) => {
  const { server, admin, check, report } = await backupScene(context)
  // Until the checkpoint is of all that matters here.
  await checkpointOf(5, admin)
  await server.stop()
  assert.deepEqual((await report()).findings, [])
  const whole = readFileSync(server.databasePath)
  for (const [sql, name, place, problem] of changes) {
    const db = new Database(server.databasePath)
    db.pragma("foreign_keys = 0")
    assert.ok(db.prepare(sql).run().changes > 0, sql)
    db.close()
    const { findings } = await report()
    const found = findings.filter((each) => each.check === name && place.test(each.place) && problem.test(each.problem))
    assert.ok(found.length > 0, `${sql}\n${JSON.stringify(findings, null, 1)}`)
    const said = await check()
    assert.equal(said.exit, 7, sql)
    assert.match(said.text, /halfkey\.db has \d+ problems?: schema/)
    writeFileSync(server.databasePath, whole)
  }
  assert.deepEqual((await report()).findings, [])
})

test("damaged pages are found, also where the file cannot be read at all", async (context) => {
  const { server, check, report } = await backupScene(context)
  await server.stop()
  const db = new Database(server.databasePath)
  // What is in no table any more may be damaged without harm.
  db.exec("vacuum")
  db.close()
  const whole = readFileSync(server.databasePath)
  const pageSize = 4096
  for (let page = 0; page * pageSize < whole.length; page += 7) {
    const damaged = Buffer.from(whole)
    damaged.fill(0xa5, page * pageSize, page * pageSize + 16)
    writeFileSync(server.databasePath, damaged)
    const { sound, findings } = (await report()) as Awaited<ReturnType<typeof report>> & { sound: boolean }
    assert.equal(sound, false, `page ${page}`)
    assert.ok(findings.length > 0)
    assert.equal((await check()).exit, 7)
  }
})

test("the tree of a log of several blocks is compared with its entries, also where the oldest are in files", async (context) => {
  const { server, admin, folder, report } = await backupScene(context)
  while (auditLog(server).length < 540) {
    await Promise.all(Array.from({ length: 20 }, () => admin.get("production", "FIRST")))
  }
  await checkpointOf(540, admin)
  assert.deepEqual((await report()).findings, [])
  await server.stop()
  const whole = readFileSync(server.databasePath)
  const change = async (sql: string, place: RegExp, problem: RegExp) => {
    const db = new Database(server.databasePath)
    assert.ok(db.prepare(sql).run().changes > 0, sql)
    db.close()
    const { findings } = await report()
    assert.ok(
      findings.some((each) => place.test(each.place) && problem.test(each.problem)),
      JSON.stringify(findings),
    )
  }
  await change(
    "update audit_tiles set hashes = cast(zeroblob(32) || substr(hashes, 33) as blob) where level = 0 and number = 1",
    /entry 256$/,
    /the tree has another one in its place/,
  )
  writeFileSync(server.databasePath, whole)
  await change(
    "update audit_tiles set hashes = zeroblob(length(hashes)) where level = 1",
    /tile 0 of level 1$/,
    /it is not made of the entries/,
  )
  writeFileSync(server.databasePath, whole)
  const config = readConfig({ HALFKEY_DATA_DIR: server.dataDirectory })
  const onFatal = (error: Error) => {
    throw error
  }
  const moved = await archiveAudit({ config, onFatal }, ["--before", "2999-01-01", "--to", folder])
  assert.match(moved, /entries 0 to \d+ are in/)
  const { findings, counts } = await report()
  assert.deepEqual(findings, [])
  assert.ok((counts?.auditEntries ?? 0) < 256)
  await change("delete from audit_tiles where level = 0 and number = 0", /entry 0$/, /lacks the hashes of archived/)
})
