/** What the store's interface promises, asked of every database that it runs on, and of two replicas where there can be two. */
import assert from "node:assert/strict"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { after, before, describe, type TestContext, test } from "node:test"
import type { Store } from "../domain/store.ts"
import { administration } from "../testing/contract/administration.ts"
import { vault } from "../testing/contract/vault.ts"
import { writing } from "../testing/contract/writing.ts"
import { postgresSettings } from "../testing/postgres-settings.ts"
import { noPostgres, TestPostgres } from "../testing/test-postgres.ts"
import { openPostgresStore } from "./postgres.ts"
import { openSqliteStore } from "./sqlite.ts"

const onFatal = (error: Error) => assert.fail(error)
const log = { warn: () => {}, info: () => {} }

function run(open: (context: TestContext) => Promise<readonly [Store, Store]>): void {
  for (const [sentence, check] of [...writing, ...vault, ...administration]) {
    test(sentence, async (context) => {
      const stores = await open(context)
      try {
        await check(stores)
      } finally {
        for (const store of new Set(stores)) await store.close()
      }
    })
  }
}

describe("on SQLite", () => {
  run(async (context) => {
    const folder = mkdtempSync(join(tmpdir(), "halfkey-contract-"))
    context.after(() => rmSync(folder, { recursive: true }))
    const store = await openSqliteStore({ path: join(folder, "halfkey.db"), onFatal })
    return [store, store]
  })
})

describe("on PostgreSQL", { skip: noPostgres }, () => {
  let postgres: TestPostgres
  before(async () => {
    postgres = await TestPostgres.start()
  })
  after(() => postgres.remove())
  run(async () => {
    const settings = postgresSettings(await postgres.createDatabase())
    const open = () => openPostgresStore({ settings, log })
    // At once: both find an empty database.
    return Promise.all([open(), open()])
  })
})
