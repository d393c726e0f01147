/** Every schema that ever was on main is brought to this one by a start of the server, and clients of that time read all of theirs. */
import assert from "node:assert/strict"
import { spawnSync } from "node:child_process"
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { after, describe, test } from "node:test"
import { fileURLToPath } from "node:url"
import { Admin, unwrap } from "halfkey/admin"
import { Secrets } from "halfkey/secrets"
import { migrations } from "../../server/src/store/migrations/migration.ts"
import { serverInFile } from "../../server/src/store/sqlite/snapshot.ts"
import { type Frozen, frozenSchemas, thaw } from "../../server/src/testing/frozen-database.ts"
import { ServerProcess, serverProgram } from "../crash/server-process.ts"

const dyingCommand = fileURLToPath(new URL("../../server/src/testing/dying-command.ts", import.meta.url))
const folder = mkdtempSync(join(tmpdir(), "halfkey-upgrades-"))
after(() => rmSync(folder, { recursive: true, force: true }))

/** `halfkey-server …` on a data directory. */
function command(directory: string, ...words: readonly string[]) {
  const options = { env: { HALFKEY_DATA_DIR: directory }, encoding: "utf8" } as const
  return spawnSync(process.execPath, [serverProgram, ...words], options)
}

const schemaOf = (path: string) => serverInFile(path).schema

/** Everything that clients of that time had is there, and they can go on writing. */
async function requireAll(endpoint: string, { admin, ci, production, staging, old }: Frozen): Promise<void> {
  const secrets = new Secrets({ endpoint, ...admin, environment: "production" })
  const reader = new Secrets({ endpoint, ...ci, environment: "production" })
  const administration = new Admin({ endpoint, ...admin })
  const names = Object.keys(production)
  assert.deepEqual(unwrap(await secrets.getMany(names)), production)
  assert.deepEqual(unwrap(await reader.getMany(names)), production)
  assert.deepEqual(unwrap(await secrets.getMany(Object.keys(staging), { environment: "staging" })), staging)
  assert.equal(Buffer.from(unwrap(await secrets.getVersion("DATABASE_URL", 1)).value).toString(), old)
  assert.equal((await secrets.get("GONE")).failure?.code, "secret_not_found")
  unwrap(await secrets.set("NEW", "new"))
  assert.equal(unwrap(await reader.get("NEW")), "new")
  unwrap(await administration.environments.rotate("production"))
  assert.deepEqual(unwrap(await reader.getMany(names)), production)
  const verified = unwrap(await administration.audit.verify())
  assert.ok(verified.size > 10)
  await Promise.all([secrets.close(), reader.close(), administration.close()])
}

test("there is a frozen database of every schema before this one", () => {
  const before = Array.from({ length: migrations.length - 1 }, (_, index) => index + 1)
  const missing = before.filter((schema) => !frozenSchemas.includes(schema))
  assert.deepEqual(missing, [], "check out the commit before the migration and run: node tools/freeze-database.ts")
})

for (const schema of frozenSchemas) {
  const isOlder = schema < migrations.length
  describe(`a database of schema ${schema}`, () => {
    const directory = join(folder, `of-${schema}`)
    const path = join(directory, "halfkey.db")
    const copy = `${path}.schema-${schema}`

    test("is tried out first, and nothing changes", () => {
      thaw(schema, directory)
      const before = readFileSync(path)
      const { status, stdout, stderr } = command(directory, "migrate", "--dry-run")
      assert.equal(status, 0, stderr)
      const expected = isOlder
        ? `can be brought from schema ${schema} to ${migrations.length}: a copy was, and is sound: 1 workspace, 2 e`
        : `has schema ${schema} already, that of this version`
      assert.match(stdout, new RegExp(expected))
      assert.equal(schemaOf(path), schema)
      assert.deepEqual(readFileSync(path).subarray(100), before.subarray(100))
      assert.deepEqual(
        readdirSync(directory).filter((name) => name.includes("partial") || name.includes("schema-")),
        [],
      )
      rmSync(directory, { recursive: true })
    })

    test("is brought to this one by a start, which keeps it; all is read", async () => {
      const frozen = thaw(schema, directory)
      const server = new ServerProcess(directory)
      await requireAll(await server.start(), frozen)
      assert.equal((await server.signal("SIGTERM")).code, 0)
      assert.equal(schemaOf(path), migrations.length)
      assert.equal(existsSync(copy), isOlder)
      if (isOlder) assert.equal(schemaOf(copy), schema)
      const { status, stdout } = command(directory, "check")
      assert.equal(status, 0, stdout)
    })
  })
}

test("a migration that is killed at any step is done by the next start", async () => {
  const [schema = 1] = frozenSchemas
  for (const [number, step] of ["the copy", "its place", "one change"].entries()) {
    const directory = join(folder, `killed-${number}`)
    const path = join(directory, "halfkey.db")
    const frozen = thaw(schema, directory)
    const die = () => {
      const env = { HALFKEY_DATA_DIR: directory }
      const { signal, stderr } = spawnSync(process.execPath, [dyingCommand, "migrate", step], { env, encoding: "utf8" })
      assert.equal(signal, "SIGKILL", stderr)
    }
    die()
    assert.equal(schemaOf(path), step === "one change" ? schema + 1 : schema)
    // Behind every change but the last.
    for (let at = schema + 2; step === "one change" && at < migrations.length; at++) {
      die()
      assert.equal(schemaOf(path), at)
    }
    assert.match(
      command(directory, "migrate").stdout,
      new RegExp(`was brought from schema \\d to ${migrations.length}\n`),
    )
    assert.equal(schemaOf(`${path}.schema-${schema}`), schema)
    assert.deepEqual(
      readdirSync(directory).filter((name) => name.includes(".partial")),
      [],
    )
    const server = new ServerProcess(directory)
    await requireAll(await server.start(), frozen)
    await server.signal("SIGTERM")
  }
})

test("a backup of an earlier version is restored as a database of this one", async () => {
  const [schema = 1] = frozenSchemas
  const directory = join(folder, "backup-of-old")
  const frozen = thaw(schema, directory)
  const file = join(folder, "old.backup")
  // What an old server had, sealed by this one: the schema inside is the old one.
  assert.equal(command(directory, "backup", file).status, 0)
  assert.equal(schemaOf(join(directory, "halfkey.db")), schema)
  const { stdout, stderr } = command(directory, "restore", file, "--replace")
  assert.match(stdout, /^restored 1 workspace, 2 environments, /, stderr)
  const server = new ServerProcess(directory)
  await requireAll(await server.start(), frozen)
  await server.signal("SIGTERM")
})

test("a newer schema is refused by every command, untouched", () => {
  const directory = join(folder, "newer")
  const path = join(directory, "halfkey.db")
  thaw(frozenSchemas.at(-1) ?? 1, directory)
  // Where SQLite's file format keeps `user_version`.
  const bytes = readFileSync(path)
  bytes.writeUInt32BE(migrations.length + 1, 60)
  writeFileSync(path, bytes)
  const before = readFileSync(path)
  const file = join(folder, "newer.backup")
  for (const words of [[], ["migrate"], ["migrate", "--dry-run"], ["check"], ["backup", file]]) {
    const { status, stderr } = command(directory, ...words)
    assert.equal(status, 7, words.join(" "))
    assert.match(stderr, /has schema version \d+, this server knows up to \d+\n {2}hint: start the newer/)
  }
  assert.deepEqual(readFileSync(path), before)
  assert.equal(existsSync(file), false)
})
