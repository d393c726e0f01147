/** The guide for PostgreSQL: its commands are typed, and its settings are those that the server knows. */
import assert from "node:assert/strict"
import { execFileSync } from "node:child_process"
import { mkdtempSync, readFileSync, rmSync, statSync } from "node:fs"
import { tmpdir } from "node:os"
import { delimiter, dirname, join } from "node:path"
import { test } from "node:test"
import { help } from "../../server/src/help.ts"
import { noPostgres, TestPostgres } from "../../server/src/testing/test-postgres.ts"
import { ServerProcess } from "../crash/server-process.ts"

const guide = readFileSync(join(import.meta.dirname, "../../docs/guides/postgresql.md"), "utf8")
const blocks = [...guide.matchAll(/```sh\n([\s\S]*?)```/g)].map(([, text]) => text ?? "")
const named = (text: string) => new Set(text.match(/HALFKEY_DATABASE_[A-Z_]+/g))

test("the guide and the help name the same settings", () => {
  assert.deepEqual([...named(guide)].sort(), [...named(help)].sort())
})

test("a server starts as the guide says, with the key that it makes", { skip: noPostgres }, async (context) => {
  const postgres = await TestPostgres.start()
  context.after(() => postgres.remove())
  const folder = mkdtempSync(join(tmpdir(), "halfkey-guide-"))
  context.after(() => rmSync(folder, { recursive: true, force: true }))
  const make = blocks.find((block) => block.includes("hkrt1"))
  assert.ok(make !== undefined)
  const PATH = [dirname(process.execPath), process.env["PATH"]].join(delimiter)
  execFileSync("sh", ["-c", make.replaceAll("/etc/halfkey", folder)], { env: { PATH } })
  const key = join(folder, "root.key")
  assert.equal(statSync(key).mode & 0o777, 0o600)
  const exports = blocks.find((block) => block.includes("export HALFKEY_DATABASE_URL")) ?? ""
  const names = [...exports.matchAll(/export (\w+)=/g)].map(([, name]) => name)
  assert.deepEqual(names, ["HALFKEY_DATABASE_URL", "HALFKEY_DATABASE_PASSWORD_FILE", "HALFKEY_ROOT_KEY_FILE"])
  // The test's database asks for no password: whatever the file holds, it is let in.
  const env = {
    HALFKEY_DATABASE_URL: await postgres.createDatabase(),
    HALFKEY_DATABASE_PASSWORD_FILE: key,
    HALFKEY_ROOT_KEY_FILE: key,
  }
  const server = new ServerProcess(join(folder, "data"), env)
  context.after(() => server.kill())
  const origin = await server.start()
  assert.equal((await fetch(`${origin}/readyz`)).status, 200)
})
