import assert from "node:assert/strict"
import { spawn } from "node:child_process"
import { chmodSync, existsSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { test } from "node:test"
import { setTimeout as sleep } from "node:timers/promises"
import { fileURLToPath } from "node:url"
import { RootKey } from "@halfkey/core/key-service/root-key"
import { toBase64Url } from "@halfkey/core/primitives/bytes"
import { systemRandom } from "@halfkey/core/primitives/random"
import Database from "better-sqlite3"
import { openSqlite } from "../store/sqlite/open.ts"
import { databaseId, type Env, idOf, keyIn, keyPath, rotate, stopped } from "../testing/rotation-scene.ts"
import type { TestServer } from "../testing/test-server.ts"

const dyingRotation = fileURLToPath(new URL("../testing/dying-rotation.ts", import.meta.url))
/** The same in a process of its own, which ends at this step, or by itself. */
async function rotateElsewhere(server: TestServer, step = "", env: Env = {}, killAfterMs?: number) {
  const child = spawn(process.execPath, [dyingRotation, step], {
    env: { HALFKEY_DATA_DIR: server.dataDirectory, ...env },
    stdio: ["ignore", "pipe", "pipe"],
  })
  let said = ""
  child.stdout.on("data", (chunk) => {
    said += chunk
  })
  child.stderr.on("data", (chunk) => {
    said += chunk
  })
  const ended = new Promise<NodeJS.Signals | null>((resolve) => child.once("close", (_, signal) => resolve(signal)))
  if (killAfterMs !== undefined) {
    await sleep(killAfterMs)
    child.kill("SIGKILL")
  }
  return { signal: await ended, said }
}

/** Every wrapped key of every table, those of later versions too. */
function wrappedKeys({ databasePath }: TestServer): Buffer[] {
  const db = new Database(databasePath, { readonly: true })
  const tables = db
    .prepare("select m.name from sqlite_schema m join pragma_table_info(m.name) c on c.name = 'wrapped'")
    .pluck()
    .all() as string[]
  assert.ok(tables.length >= 2)
  const found = tables.flatMap((name) => db.prepare(`select wrapped from ${name}`).pluck().all() as Buffer[])
  db.close()
  return found
}

function databaseFiles({ databasePath }: TestServer): Buffer {
  const paths = ["", "-wal", "-journal"].map((end) => databasePath + end)
  return Buffer.concat(paths.filter((path) => existsSync(path)).map((path) => readFileSync(path)))
}

/** A key set with so many epochs that their keys fill pages, some removed again as a rotation removes them. */
function fillWithKeys(server: TestServer): Buffer[] {
  const rootKey = new RootKey(keyIn(keyPath(server)))
  const db = openSqlite(server.databasePath)
  const { id, workspace_id } = db.prepare("select id, workspace_id from keysets limit 1").get() as never
  const insert = db.prepare("insert into authority_keys (keyset_id, epoch, wrapped) values (?, ?, ?)")
  const inserted: Buffer[] = []
  for (let epoch = 2; epoch < 600; epoch++) {
    const context = { kind: "authority-key", workspaceId: workspace_id, keysetId: id, epoch } as const
    const wrapped = Buffer.from(rootKey.wrap(context, systemRandom(32), systemRandom))
    insert.run(id, epoch, wrapped)
    inserted.push(wrapped)
    if (epoch % 3 === 0) db.prepare("delete from authority_keys where epoch = ?").run(epoch - 1)
  }
  db.pragma("wal_checkpoint(TRUNCATE)")
  db.close()
  return inserted
}

test("everything is wrapped by a new key, and nothing that the old one wrapped is left in any file of the database", async (context) => {
  const { server, works } = await stopped(context)
  const before = [...wrappedKeys(server), ...fillWithKeys(server)]
  const old = keyIn(keyPath(server))
  const said = await rotate(server)
  const key = keyIn(keyPath(server))
  assert.notDeepEqual(key, old)
  assert.match(said, new RegExp(`^new root key ${idOf(key)} in place of ${idOf(old)}: \\d+ keys wrapped anew\n$`))
  assert.equal(databaseId(server), idOf(key))
  assert.equal(statSync(keyPath(server)).mode & 0o777, 0o600)
  const files = databaseFiles(server)
  assert.equal(before.filter((wrapped) => files.includes(wrapped)).length, 0)
  // What a search must be able to find.
  assert.ok(wrappedKeys(server).every((wrapped) => files.includes(wrapped)))
  await works()
  assert.match(await rotate(server), /^new root key/)
  await works()
  assert.deepEqual(readdirSync(server.dataDirectory).sort(), ["halfkey.db", "lock", "root.key"])
})

for (const [step, changed] of [
  ["the new key", false],
  ["the database", true],
  ["the file's place", true],
] as const) {
  test(`kill -9 as soon as ${step} is on disk: the next start goes on from there`, async (context) => {
    const { server, works } = await stopped(context)
    const old = keyIn(keyPath(server))
    assert.equal((await rotateElsewhere(server, step)).signal, "SIGKILL")
    assert.equal(databaseId(server) !== idOf(old), changed)
    assert.equal(existsSync(`${keyPath(server)}.next`), step !== "the file's place")
    await works()
    assert.deepEqual(readdirSync(server.dataDirectory).sort(), ["halfkey.db", "lock", "root.key"])
    assert.equal(databaseId(server), idOf(keyIn(keyPath(server))))
  })

  test(`kill -9 as soon as ${step} is on disk: the command can be repeated at once`, async (context) => {
    const { server, works } = await stopped(context)
    assert.equal((await rotateElsewhere(server, step)).signal, "SIGKILL")
    const before = databaseId(server)
    assert.match((await rotateElsewhere(server)).said, new RegExp(`^new root key [0-9a-f]{16} in place of ${before}: `))
    await works()
  })
}

test("kill -9 at any other moment leaves one of both keys, and everything under it", async (context) => {
  const { server, works } = await stopped(context)
  const started = performance.now()
  await rotateElsewhere(server)
  const tookMs = performance.now() - started
  let killed = 0
  for (let round = 1; round <= 5; round++) {
    // Most of the time is the start of the program.
    const { signal } = await rotateElsewhere(server, "", {}, tookMs * (0.6 + 0.08 * round))
    if (signal === "SIGKILL") killed++
    await works()
    assert.equal(databaseId(server), idOf(keyIn(keyPath(server))))
  }
  context.diagnostic(`${killed} of 5 were killed in time`)
})

test("a running server is told, and is not disturbed", async (context) => {
  const { server, works } = await stopped(context)
  await server.startAgain()
  const before = readFileSync(keyPath(server), "utf8")
  await assert.rejects(rotate(server), (error: { code: string; message: string; hint: string }) => {
    assert.equal(error.code, "data_directory_in_use")
    assert.match(error.message, /^a halfkey-server runs on /)
    assert.match(error.hint, /^stop it, repeat this command/)
    return true
  })
  assert.equal(readFileSync(keyPath(server), "utf8"), before)
  await server.stop()
  await works()
})

test("a key from the environment changes by HALFKEY_NEW_ROOT_KEY, and the command may be repeated", async (context) => {
  const [old, next] = [systemRandom(32), systemRandom(32)]
  const HALFKEY_ROOT_KEY = toBase64Url(old)
  const { server, works } = await stopped(context, { HALFKEY_ROOT_KEY })
  await assert.rejects(rotate(server, { HALFKEY_ROOT_KEY }), {
    code: "missing_configuration",
    message: "the root key comes from HALFKEY_ROOT_KEY, and HALFKEY_NEW_ROOT_KEY is not set",
  })
  const env = { HALFKEY_ROOT_KEY, HALFKEY_NEW_ROOT_KEY: toBase64Url(next) }
  assert.equal((await rotateElsewhere(server, "the database", env)).signal, "SIGKILL")
  assert.match(await rotate(server, env), new RegExp(`^the database is under the root key ${idOf(next)} already\n`))
  await assert.rejects(works(), (error: { code: string; message: string }) => {
    assert.equal(error.code, "root_key_mismatch")
    const ids = [idOf(next), idOf(old)]
    assert.equal(error.message, `the database needs the root key ${ids[0]}, the one in HALFKEY_ROOT_KEY is ${ids[1]}`)
    return true
  })
  await works({ HALFKEY_ROOT_KEY: env.HALFKEY_NEW_ROOT_KEY })
})

test("from the server's own file to a file elsewhere, which is made; then on to another that is there already", async (context) => {
  const { server, works } = await stopped(context)
  const elsewhere = join(server.dataDirectory, "elsewhere.key")
  const said = await rotate(server, { HALFKEY_NEW_ROOT_KEY_FILE: elsewhere })
  assert.equal(statSync(elsewhere).mode & 0o777, 0o600)
  assert.ok(
    said.endsWith(
      `  from now on start the server with HALFKEY_ROOT_KEY_FILE set to ${elsewhere}, then remove ${keyPath(server)}\n`,
    ),
    said,
  )
  await assert.rejects(works(), { code: "root_key_mismatch" })
  await works({ HALFKEY_ROOT_KEY_FILE: elsewhere })
  await assert.rejects(rotate(server, { HALFKEY_ROOT_KEY_FILE: elsewhere }), { code: "missing_configuration" })
  const third = join(server.dataDirectory, "third.key")
  writeFileSync(third, `hkrt1 ${toBase64Url(systemRandom(32))}\n`, { mode: 0o644 })
  await rotate(server, { HALFKEY_ROOT_KEY_FILE: elsewhere, HALFKEY_NEW_ROOT_KEY_FILE: third })
  // It lies in the data directory, whose files are ours: there, a mode is nothing that an operator's system decides.
  await assert.rejects(works({ HALFKEY_ROOT_KEY_FILE: third }), {
    code: "invalid_configuration",
    message: `the root key file ${third} can be read by others`,
  })
  chmodSync(third, 0o600)
  await works({ HALFKEY_ROOT_KEY_FILE: third })
})

test("the server's own file is its own also where the variable names it, by whatever way", async (context) => {
  const { server, works } = await stopped(context)
  const link = `${server.dataDirectory}-link`
  symlinkSync(server.dataDirectory, link)
  context.after(() => rmSync(link, { force: true }))
  for (const path of [keyPath(server), join(server.dataDirectory, ".", "root.key"), join(link, "root.key")]) {
    const env = { HALFKEY_ROOT_KEY_FILE: path }
    const said = await rotate(server, env)
    assert.match(said, /^new root key [0-9a-f]{16} in place of [0-9a-f]{16}: /)
    assert.equal(databaseId(server), idOf(keyIn(keyPath(server))))
    await works(env)
    await works()
  }
  // What a crash in a rotation leaves is settled, too.
  writeFileSync(`${keyPath(server)}.next`, `hkrt1 ${toBase64Url(systemRandom(32))}\n`, { mode: 0o600 })
  await works({ HALFKEY_ROOT_KEY_FILE: keyPath(server) })
  assert.equal(existsSync(`${keyPath(server)}.next`), false)
})

test("what a crash left beside root.key goes at the next start, but not what another process writes just now", async (context) => {
  const { server, works } = await stopped(context)
  const leave = (name: string) => writeFileSync(join(server.dataDirectory, name), "x", { mode: 0o600 })
  // No process has a number above the system's limit.
  const gone = ["root.key.4194305.partial", "root.key.next.4194305.partial", "setup-token.4194305.partial"]
  const kept = [`setup-token.${process.ppid}.partial`, "root.key.4194305.partial.mine", "notes.4194305.partial"]
  for (const name of [...gone, ...kept]) leave(name)
  await works()
  assert.deepEqual(readdirSync(server.dataDirectory).sort(), ["halfkey.db", "lock", "root.key", ...kept].sort())
})

test("neither the file nor the one beside it is the database's: both stay, and both ids are told", async (context) => {
  const { server, works } = await stopped(context)
  const right = readFileSync(keyPath(server), "utf8")
  const other = () => `hkrt1 ${toBase64Url(systemRandom(32))}\n`
  writeFileSync(keyPath(server), other())
  writeFileSync(`${keyPath(server)}.next`, other(), { mode: 0o600 })
  await assert.rejects(works(), { code: "root_key_mismatch" })
  assert.ok(existsSync(`${keyPath(server)}.next`))
  writeFileSync(keyPath(server), right)
  await works()
  assert.equal(existsSync(`${keyPath(server)}.next`), false)
})
