import assert from "node:assert/strict"
import { existsSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { test } from "node:test"
import Database from "better-sqlite3"
import { keyPath, rotate, stopped } from "../testing/rotation-scene.ts"

test("a passphrase: at the first start, to another one, and back to a file", async (context) => {
  const folder = (await stopped(context)).server.dataDirectory
  const passphrase = (name: string, text: string) => {
    writeFileSync(join(folder, name), text)
    return join(folder, name)
  }
  const first = passphrase("first", "correct horse battery staple\n")
  const second = passphrase("second", "another one that is long enough")
  const { server, works } = await stopped(context, { HALFKEY_ROOT_KEY_PASSPHRASE_FILE: first })
  assert.equal(existsSync(keyPath(server)), false)
  await works()
  await assert.rejects(works({ HALFKEY_ROOT_KEY_PASSPHRASE_FILE: second }), { code: "root_key_mismatch" })
  await assert.rejects(works({ HALFKEY_ROOT_KEY_PASSPHRASE_FILE: passphrase("short", "fifteen letters\n") }), {
    code: "invalid_configuration",
    message: /has less than 16 bytes$/,
  })
  const env = { HALFKEY_ROOT_KEY_PASSPHRASE_FILE: first, HALFKEY_NEW_ROOT_KEY_PASSPHRASE_FILE: second }
  assert.match(await rotate(server, env), /^new root key /)
  assert.match(await rotate(server, env), /^the database is under the root key [0-9a-f]{16} already\n/)
  await works({ HALFKEY_ROOT_KEY_PASSPHRASE_FILE: second })
  // Its line end is not part of it.
  await works({ HALFKEY_ROOT_KEY_PASSPHRASE_FILE: passphrase("third", "another one that is long enough\r\n") })
  const back = { HALFKEY_ROOT_KEY_PASSPHRASE_FILE: second, HALFKEY_NEW_ROOT_KEY_FILE: keyPath(server) }
  await rotate(server, back)
  const noPassphrase = { HALFKEY_ROOT_KEY_PASSPHRASE_FILE: "" }
  await works(noPassphrase)
  await assert.rejects(works({ HALFKEY_ROOT_KEY_PASSPHRASE_FILE: second }), {
    code: "invalid_configuration",
    message:
      /^HALFKEY_ROOT_KEY_PASSPHRASE_FILE is set, but the database's root key [0-9a-f]{16} is not made from a passph/,
  })
})

test("parameters that no server wrote are refused before they cost hours", async (context) => {
  const first = join((await stopped(context)).server.dataDirectory, "passphrase")
  writeFileSync(first, "correct horse battery staple")
  const { server, works } = await stopped(context, { HALFKEY_ROOT_KEY_PASSPHRASE_FILE: first })
  const stored = { N: 2 ** 17, r: 8, p: 1, salt: "A".repeat(22) }
  for (const change of [{ N: 2 ** 40 }, { r: 0 }, { p: 1.5 }, { salt: "AA" }, undefined]) {
    const text = change ? JSON.stringify({ scrypt: { ...stored, ...change } }) : "no JSON"
    const db = new Database(server.databasePath)
    db.prepare("update server set root_key_derivation = ?").run(text)
    db.close()
    await assert.rejects(works(), { code: "database_damaged" }, text)
  }
})
