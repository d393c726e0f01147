/**
 * Three server processes on one PostgreSQL, behind a proxy: people and programs work while replicas and the database are
 * killed. What was acknowledged is there, no version is there twice, and the audit log proves itself.
 */
import assert from "node:assert/strict"
import { randomBytes } from "node:crypto"
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { after, before, describe, test } from "node:test"
import { Admin, createWorkspace, type NewWorkspace, unwrap } from "halfkey/admin"
import { Secrets, type SecretsOptions } from "halfkey/secrets"
import { noPostgres, TestPostgres } from "../../server/src/testing/test-postgres.ts"
import { type CommandResult, halfkey, halfkeyServer } from "../crash/commands.ts"
import { ServerProcess } from "../crash/server-process.ts"
import { Balancer } from "./balancer.ts"

const environment = "production"
const folder = mkdtempSync(join(tmpdir(), "halfkey-on-postgres-"))
const newKey = () => randomBytes(32).toString("base64url")

describe("three replicas on PostgreSQL", { skip: noPostgres }, () => {
  let postgres: TestPostgres
  let databaseUrl: string
  let servers: ServerProcess[]
  let workspace: NewWorkspace
  let env: Record<string, string>
  const balancer = new Balancer(() =>
    servers.flatMap(({ origin }) => (origin === undefined ? [] : [Number(new URL(origin).port)])),
  )

  before(async () => {
    postgres = await TestPostgres.start()
    databaseUrl = await postgres.createDatabase()
    env = { HALFKEY_DATABASE_URL: databaseUrl, HALFKEY_ROOT_KEY: newKey() }
    servers = ["one", "two", "three"].map((name) => new ServerProcess(join(folder, name), env))
    await Promise.all(servers.map((server) => server.start()))
    await balancer.start()
  })
  after(async () => {
    balancer.stop()
    await Promise.all(servers.map((server) => server.kill()))
    await postgres.remove()
    rmSync(folder, { recursive: true, force: true })
  })

  function options(): SecretsOptions {
    const { apiKey, clientId, clientKey, workspaceCRN } = workspace
    return {
      apiKey,
      clientId,
      clientKey,
      workspaceCRN,
      environment,
      endpoint: balancer.url,
      timeoutMs: 60_000,
      env: {},
    }
  }

  /** As the same client, with the state of this test's machine. */
  async function cli(...parameters: string[]): Promise<CommandResult> {
    const { apiKey, clientId, clientKey, workspaceCRN } = workspace
    const env = {
      HOME: folder,
      HALFKEY_CONFIG_DIR: join(folder, "config"),
      CS_WORKSPACE_CRN: workspaceCRN,
      CS_CLIENT_ID: clientId,
      CS_CLIENT_KEY: clientKey,
      CS_CLIENT_ACCESS_KEY: apiKey,
      CS_ENDPOINT: balancer.url,
    }
    const result = await halfkey(parameters, { cwd: folder, env, input: "value by hand" })
    assert.equal(result.status, 0, result.stderr)
    return result
  }

  test("of all that start at once, one makes the setup token", async () => {
    const tokens = servers.map(({ dataDirectory }) => join(dataDirectory, "setup-token")).filter(existsSync)
    assert.equal(tokens.length, 1)
    const setupToken = readFileSync(tokens[0] ?? "", "utf8").trim()
    const made = await createWorkspace({ endpoint: balancer.url, setupToken, label: "admin", timeoutMs: 60_000 })
    workspace = unwrap(made)
    // The root key is in the environment, and the token is used: nothing is kept in files, whichever replica had it.
    for (const { dataDirectory } of servers) {
      while (readdirSync(dataDirectory).length > 0) await new Promise((resolve) => setTimeout(resolve, 20))
    }
  })

  test("commands write and read, rotate and verify", async () => {
    await cli("set", "BY_HAND", "-e", environment)
    assert.equal((await cli("get", "BY_HAND", "-e", environment)).stdout.toString(), "value by hand")
    await cli("rotate", "-e", environment, "--yes")
    assert.equal((await cli("get", "BY_HAND", "-e", environment)).stdout.toString(), "value by hand")
    await cli("audit", "verify", "-q")
  })

  test("nothing acknowledged is lost, and nothing is there twice, whatever is killed", async () => {
    const writers = [0, 1, 2].map(() => new Secrets(options()))
    const acknowledged = new Map<string, number[]>()
    const failed: string[] = []
    let isOver = false
    const writing = writers.map(async (secrets, index) => {
      const name = `OWN_${index}`
      acknowledged.set(name, [])
      for (let count = 0; !isOver; count++) {
        const { data, failure } = await secrets.set(name, `${count}`)
        if (data !== undefined) acknowledged.get(name)?.push(data.version)
        else failed.push(failure.code)
        assert.ok(!failed.includes("internal_error"), failed.join())
      }
    })
    const grows = async () => {
      const least = () => Math.min(...[...acknowledged.values()].map(({ length }) => length))
      const before = least()
      while (least() < before + 3) await new Promise((resolve) => setTimeout(resolve, 20))
    }
    await grows()
    for (const server of servers) {
      await server.kill()
      await grows()
      await server.start()
    }
    await postgres.stop("SIGKILL")
    await postgres.startAgain()
    await grows()
    isOver = true
    await Promise.all(writing)
    for (const [index, secrets] of writers.entries()) {
      const name = `OWN_${index}`
      const versions = unwrap(await secrets.history(name)).map(({ version }) => version)
      assert.deepEqual(versions, [...new Set(versions)], "a version twice")
      const missing = acknowledged.get(name)?.filter((version) => !versions.includes(version))
      assert.deepEqual(missing, [], "an acknowledged version is lost")
      assert.equal(new Set(acknowledged.get(name)).size, acknowledged.get(name)?.length, "a version acknowledged twice")
      await secrets.close()
    }
    const numbers = (await postgres.query(databaseUrl, "select seq from audit_entries order by seq")).map(({ seq }) =>
      Number(seq),
    )
    assert.deepEqual(
      numbers,
      numbers.map((_, index) => index),
    )
    await cli("audit", "verify", "-q")
    const admin = new Admin(options())
    const { size } = unwrap(await admin.audit.verify())
    assert.ok(size > 0)
    await admin.close()
  })

  test("a replica that is stopped, and not dead, leaves the audit tree to another one", async () => {
    const holder = `select application_name as name from pg_locks join pg_stat_activity using (pid)
      where locktype = 'advisory' and objid = 2 and granted and datname = current_database()`
    const leader = async () => {
      const [row] = await postgres.query(databaseUrl, holder)
      return Number(/\d+$/.exec(String(row?.["name"]))?.[0])
    }
    const until = async (isSo: () => Promise<boolean>) => {
      while (!(await isSo())) await new Promise((resolve) => setTimeout(resolve, 50))
    }
    let stopped: ServerProcess | undefined
    await until(async () => {
      const now = await leader()
      stopped = servers.find(({ pid }) => pid === now)
      return stopped !== undefined
    })
    const pid = stopped?.pid ?? 0
    process.kill(pid, "SIGSTOP")
    try {
      await until(async () => {
        const now = await leader()
        return now > 0 && now !== pid
      })
    } finally {
      process.kill(pid, "SIGCONT")
    }
  })

  test("the server's commands work on PostgreSQL, or say why not", async () => {
    const [first] = servers as [ServerProcess]
    const { dataDirectory } = first
    const next = newKey()
    const run = (...words: string[]) => {
      const all = { ...env, HALFKEY_DATA_DIR: dataDirectory, HALFKEY_NEW_ROOT_KEY: next }
      return halfkeyServer(words, { cwd: folder, env: all })
    }
    const token = await run("setup-token")
    assert.equal(token.status, 0, token.stderr)
    assert.equal(token.stdout.toString().trim(), join(dataDirectory, "setup-token"))
    const refused = await run("root-key", "rotate")
    assert.equal(refused.status, 2)
    assert.match(refused.stderr, /a halfkey-server runs on this database/)
    assert.equal((await run("token-key", "rotate")).status, 0)
    const checked = await run("check")
    assert.equal(checked.status, 0, checked.stdout.toString() + checked.stderr)
    assert.match(checked.stdout.toString(), /is sound/)
    for (const command of [["backup", join(folder, "halfkey.backup")], ["migrate"]]) {
      const { status, stderr } = await run(...command)
      assert.notEqual(status, 0)
      assert.match(stderr, /this command is for SQLite, and HALFKEY_DATABASE_URL names PostgreSQL/)
    }
    await Promise.all(servers.map((server) => server.signal("SIGTERM")))
    const rotated = await run("root-key", "rotate")
    assert.equal(rotated.status, 0, rotated.stderr)
    assert.match(rotated.stdout.toString(), /keys wrapped anew/)
    assert.equal((await run("token-key", "rotate")).status, 7, "under the old root key nothing goes on")
    const again = new ServerProcess(dataDirectory, { ...env, HALFKEY_ROOT_KEY: next })
    servers.push(again)
    await again.start()
    assert.equal((await cli("get", "BY_HAND", "-e", environment)).stdout.toString(), "value by hand")
  })
})
