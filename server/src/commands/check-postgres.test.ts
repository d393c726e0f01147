/** `halfkey-server check` on PostgreSQL, beside a replica. */
import assert from "node:assert/strict"
import { after, before, describe, test } from "node:test"
import pg from "pg"
import { readConfig } from "../config.ts"
import { noPostgres, TestPostgres } from "../testing/test-postgres.ts"
import { TestServer } from "../testing/test-server.ts"
import { TestWorkspace } from "../testing/test-workspace.ts"
import { check, type Report } from "./check.ts"

describe("a database of PostgreSQL", { skip: noPostgres }, () => {
  let postgres: TestPostgres
  before(async () => {
    postgres = await TestPostgres.start()
  })
  after(() => postgres.remove())

  test("is sound, and what is changed in it is found with its place", async (context) => {
    const url = await postgres.createDatabase()
    const env = { HALFKEY_DATABASE_URL: url }
    const server = await TestServer.start(context, { env })
    const { admin } = await TestWorkspace.create(server, ["production"])
    await admin.set("production", { A: "1", B: "2" })
    await admin.set("production", { A: "3" })
    const config = readConfig({ HALFKEY_DATA_DIR: server.dataDirectory, ...env })
    const report = async (): Promise<Report> => JSON.parse((await check({ config }, ["-o", "json"])).text)
    const { text, exit } = await check({ config }, [])
    assert.equal(exit, 0, text)
    assert.match(
      text,
      / is sound: schema \d+, 1 workspace, 1 environment, 2 secrets in 3 versions, \d+ audit entries\n$/,
    )
    assert.equal((await report()).openedKeys, true)

    const client = new pg.Client({ connectionString: url })
    await client.connect()
    try {
      await client.query("update secret_versions set hash = decode(repeat('00', 32), 'hex') where version = 2")
      const [found, another] = (await report()).findings
      assert.equal(another, undefined)
      assert.equal(found?.check, "records")
      assert.match(found?.place ?? "", /environment production .*, A, version 2$/)
      assert.match(found?.problem ?? "", /another hash/)
      assert.equal((await check({ config }, [])).exit, 7)
    } finally {
      await client.end()
    }
  })
})
