import assert from "node:assert/strict"
import { execFileSync } from "node:child_process"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { test } from "node:test"

/** Starts a store in a process of its own, and gives the packages that were loaded for it. */
function packagesOf(path: string, settings: string): Set<string> {
  const code = `
    import { createRequire } from "node:module"
    const { openStore } = await import(${JSON.stringify(new URL("./open-store.ts", import.meta.url).href)})
    const log = { warn: () => {}, info: () => {} }
    const config = { databasePath: ${JSON.stringify(path)}, postgres: ${settings} }
    await openStore({ config, log, onFatal: () => {} }).then((store) => store.close(), () => {})
    console.log(Object.keys(createRequire(import.meta.url).cache).join("\\n"))`
  const loaded = execFileSync(process.execPath, ["--input-type=module", "-e", code], { encoding: "utf8" })
  return new Set(loaded.split("\n").map((file) => /.*node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(file)?.[1] ?? ""))
}

test("nothing of PostgreSQL is loaded where SQLite is used", (context) => {
  const folder = mkdtempSync(join(tmpdir(), "halfkey-open-store-"))
  context.after(() => rmSync(folder, { recursive: true }))
  const onSqlite = packagesOf(join(folder, "halfkey.db"), "undefined")
  assert.ok(onSqlite.has("better-sqlite3"))
  assert.deepEqual(
    [...onSqlite].filter((name) => name.startsWith("pg")),
    [],
  )
  const nobody = { host: "127.0.0.1", port: 1, user: "u", database: "d", tls: false, startTimeoutMs: 0, poolSize: 2 }
  assert.ok(packagesOf("", JSON.stringify({ ...nobody, statementTimeoutMs: 1000 })).has("pg"))
})
