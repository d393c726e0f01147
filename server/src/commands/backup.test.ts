import assert from "node:assert/strict"
import { createHash } from "node:crypto"
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, truncateSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { test } from "node:test"
import { backupScene } from "../testing/backup-scene.ts"
import { databaseId, keyIn, keyPath } from "../testing/rotation-scene.ts"

const hexDigits = /SHA-256 ([0-9a-f]{64})$/m

test("a backup is taken while the server writes, and what was acknowledged before is in it", async (context) => {
  const { server, admin, file, backUp, restore, check } = await backupScene(context)
  const known = JSON.stringify(await admin.get("production", "FIRST"))
  let writing = true
  const writes = (async () => {
    for (let number = 0; writing; number++) await admin.set("staging", { [`N${number % 5}`]: String(number) })
  })()
  const said = await backUp([file])
  writing = false
  await writes
  assert.ok(said.startsWith(`${file}: `), said)
  const sum = createHash("sha256").update(readFileSync(file)).digest("hex")
  assert.equal(hexDigits.exec(said)?.[1], sum)
  assert.match(said, new RegExp(`\\n  it opens with the root key ${databaseId(server)}, which is not in it\\n`))
  assert.match(said, new RegExp(`\\n  keep a copy of ${keyPath(server)} apart from it`))
  assert.equal(statSync(file).mode & 0o777, 0o600)
  assert.deepEqual(
    readdirSync(server.dataDirectory).filter((name) => name.endsWith(".partial")),
    [],
  )
  assert.match(await restore([file, "--dry-run"]), /can be restored: 1 workspace, 2 environments, /)

  await admin.set("production", { FIRST: "later" })
  await server.stop()
  assert.match(await restore([file, "--replace"]), /\n {2}what was there before is in .*halfkey\.db\.replaced-/)
  assert.equal((await check()).exit, 0)
  await server.startAgain()
  assert.equal(JSON.stringify(await admin.get("production", "FIRST")), known)
})

test("nothing of the root key, of a record or of a name is in the file", async (context) => {
  const { server, admin, file, backUp } = await backupScene(context)
  await admin.set("production", { SEARCHED_NAME: "value" })
  await backUp([file])
  const bytes = readFileSync(file)
  const plain = readFileSync(server.databasePath)
  assert.ok(!bytes.includes(Buffer.from(keyIn(keyPath(server)))))
  assert.ok(!bytes.includes(readFileSync(keyPath(server), "utf8").slice(6).trim()))
  assert.ok(!bytes.includes("SEARCHED_NAME"))
  assert.ok(!bytes.includes("SQLite format"))
  assert.ok(plain.includes("SQLite format"))
})

test("no backup is written over a file, and none without a database or its root key", async (context) => {
  const { file, folder, backUp } = await backupScene(context)
  writeFileSync(file, "mine")
  await assert.rejects(backUp([file]), { code: "invalid_argument", message: `${file} exists already` })
  assert.equal(readFileSync(file, "utf8"), "mine")
  const other = join(folder, "other")
  for (const words of [[], [other, other], [other, "--force"]]) {
    await assert.rejects(backUp(words), { code: "invalid_argument" }, words.join(" "))
  }
  await assert.rejects(backUp([join(folder, "none", "x")]), { code: "invalid_argument", message: /ENOENT/ })
  await assert.rejects(backUp([other], { HALFKEY_DATA_DIR: join(folder, "none") }), { code: "missing_configuration" })
  await assert.rejects(backUp([other], { HALFKEY_ROOT_KEY: "A".repeat(43) }), { code: "root_key_mismatch" })
  assert.deepEqual(readdirSync(folder), ["halfkey.backup"])
})

test("a database of PostgreSQL is left to its own means", async (context) => {
  const { file, folder, backUp, restore } = await backupScene(context)
  await backUp([file])
  const env = { HALFKEY_DATABASE_URL: "postgres://halfkey@127.0.0.1/halfkey", HALFKEY_ROOT_KEY: "A".repeat(43) }
  for (const command of [() => backUp([join(folder, "x")], env), () => restore([file], env)]) {
    await assert.rejects(command(), { code: "invalid_configuration", message: /^this command is for SQLite/ })
  }
})

test("on a new machine: the root key comes by its own way, and everything works", async (context) => {
  const { server, admin, folder, file, backUp, restore } = await backupScene(context)
  await backUp([file])
  const key = readFileSync(keyPath(server), "utf8")
  await server.stop()
  const fresh = { HALFKEY_DATA_DIR: join(folder, "fresh") }
  await assert.rejects(restore([file, "--dry-run"], fresh), {
    code: "missing_configuration",
    message: new RegExp(`the database needs the root key ${databaseId(server)}$`),
  })
  assert.equal(existsSync(fresh.HALFKEY_DATA_DIR), false)
  const elsewhere = join(folder, "root.key")
  writeFileSync(elsewhere, key, { mode: 0o600 })
  const env = { ...fresh, HALFKEY_ROOT_KEY_FILE: elsewhere }
  assert.match(await restore([file, "--dry-run"], env), /\n {2}nothing was changed\n$/)
  assert.equal(existsSync(fresh.HALFKEY_DATA_DIR), false, "a trial leaves nothing")
  const said = await restore([file], env)
  assert.match(said, /^restored 1 workspace, 2 environments, 3 secrets in 3 versions, \d+ audit entries, as of 2/)
  assert.match(said, /halfkey reconcile .*\n.*halfkey restore accept /)
  assert.deepEqual(readdirSync(fresh.HALFKEY_DATA_DIR).sort(), ["halfkey.db", "lock"])
  assert.equal(statSync(fresh.HALFKEY_DATA_DIR).mode & 0o777, 0o700)
  assert.equal(statSync(join(fresh.HALFKEY_DATA_DIR, "halfkey.db")).mode & 0o777, 0o600)
  await server.startAgain(env)
  assert.deepEqual(await admin.get("production", "FIRST"), { FIRST: "one" })
})

test("a passphrase of its own opens a backup, and the database in it needs its root key still", async (context) => {
  const { server, folder, file, backUp, restore } = await backupScene(context)
  const passphrase = join(folder, "passphrase")
  writeFileSync(passphrase, "correct horse battery staple\n")
  const said = await backUp([file, "--passphrase-file", passphrase])
  assert.match(
    said,
    new RegExp(`opens with the passphrase in .*; what is in it needs the root key ${databaseId(server)}`),
  )
  const fresh = { HALFKEY_DATA_DIR: join(folder, "fresh") }
  await assert.rejects(restore([file], fresh), { code: "invalid_argument", message: /it opens with a passphrase$/ })
  const wrong = join(folder, "wrong")
  writeFileSync(wrong, "another horse battery staple\n")
  await assert.rejects(restore([file, "--passphrase-file", wrong], fresh), {
    code: "invalid_argument",
    message: /is another one$/,
  })
  const tried = await restore([file, "--dry-run", "--passphrase-file", passphrase], fresh)
  for (const text of [said, tried, readFileSync(file, "latin1")]) assert.ok(!text.includes("battery"))
  assert.match(tried, /\n {2}its root key is not here, and the server will not start without it/)
  const wrongKey = { ...fresh, HALFKEY_ROOT_KEY: "A".repeat(43) }
  await assert.rejects(restore([file, "--passphrase-file", passphrase], wrongKey), { code: "root_key_mismatch" })
  await assert.rejects(restore([file, "--passphrase-file", passphrase, "--dry-run", "x"], fresh), {
    code: "invalid_argument",
  })
})

test("nothing is restored over a database or beside a running server", async (context) => {
  const { server, admin, folder, file, backUp, restore } = await backupScene(context)
  await backUp([file])
  await assert.rejects(restore([file, "--replace"]), { code: "data_directory_in_use" })
  await restore([file, "--dry-run"])
  await admin.set("production", { FIRST: "later" })
  await server.stop()
  const before = readFileSync(server.databasePath)
  const { mode } = statSync(server.databasePath)
  await assert.rejects(restore([file]), { code: "invalid_argument", message: /there is a database .* already$/ })
  await assert.rejects(restore([join(folder, "none")]), { code: "invalid_argument", message: /ENOENT/ })
  await assert.rejects(restore([server.databasePath]), { code: "backup_damaged" })
  assert.deepEqual(readFileSync(server.databasePath), before)
  const said = await restore([file, "--replace"])
  const aside = /what was there before is in (.*)$/m.exec(said)?.[1] ?? ""
  assert.equal(statSync(aside).mode, mode)
  // The one before is whole: as a database of its own it has the later value.
  const again = join(folder, "again")
  mkdirSync(again, { mode: 0o700 })
  writeFileSync(join(again, "halfkey.db"), readFileSync(aside))
  await server.startAgain({
    HALFKEY_DATABASE_URL: `sqlite:${join(again, "halfkey.db")}`,
    HALFKEY_ROOT_KEY_FILE: keyPath(server),
  })
  assert.deepEqual(await admin.get("production", "FIRST"), { FIRST: "later" })
})

test("a backup that was cut off, changed or damaged is refused, and says which of it", async (context) => {
  const { server, file, folder, backUp, restore } = await backupScene(context)
  await backUp([file])
  await server.stop()
  const good = readFileSync(file)
  const changed = join(folder, "changed")
  const headerEnd = good.indexOf(10) + 1
  const attempt = (name: string, bytes: Buffer, message: RegExp) => {
    writeFileSync(changed, bytes)
    return assert.rejects(restore([changed, "--replace"]), { code: "backup_damaged", message }, name)
  }
  const turned = (at: number) => {
    const bytes = Buffer.from(good)
    bytes[at] = (bytes[at] ?? 0) ^ 1
    return bytes
  }
  const resummed = (bytes: Buffer) =>
    Buffer.concat([bytes.subarray(0, -32), createHash("sha256").update(bytes.subarray(0, -32)).digest()])
  const before = readFileSync(server.databasePath)
  for (const at of [headerEnd, headerEnd + 5000, good.length - 40, good.length - 1]) {
    await attempt(`bit at ${at}`, turned(at), /its checksum is wrong/)
    if (at < good.length - 32) await attempt(`forged at ${at}`, resummed(turned(at)), /chunk 0 of \d+ does not open/)
  }
  // The header decides on the key: a version that is not the one that was written opens nothing.
  const header = Buffer.from(good.subarray(0, headerEnd).toString().replace('"schema":', '"schema":1'))
  await attempt("header", resummed(Buffer.concat([header, good.subarray(headerEnd)])), /does not open with the key/)
  await attempt("cut off", good.subarray(0, -100), /its checksum is wrong/)
  await attempt("cut off early", good.subarray(0, headerEnd + 3), /cut off/)
  await attempt("empty", Buffer.alloc(0), /it is no backup of halfkey-server/)
  writeFileSync(changed, good)
  truncateSync(changed, headerEnd)
  await assert.rejects(restore([changed, "--replace"]), { code: "backup_damaged" })
  assert.deepEqual(readFileSync(server.databasePath), before)
  assert.deepEqual(readdirSync(server.dataDirectory).sort(), ["halfkey.db", "lock", "root.key"])
})
