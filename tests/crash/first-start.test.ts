/** kill -9 while a server starts for the first time, and while its workspace is created: the next start works. */
import assert from "node:assert/strict"
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, watch } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { DatabaseSync } from "node:sqlite"
import { after, before, test } from "node:test"
import { setTimeout as sleep } from "node:timers/promises"
import { parseSetupToken } from "@halfkey/core/formats/text-keys"
import { sha256 } from "@halfkey/core/primitives/hash"
import { createWorkspace, type NewWorkspace } from "halfkey/admin"
import { Secrets, type Transport, unwrap } from "halfkey/secrets"
import { Chance, seed } from "./chance.ts"
import { halfkeyServer } from "./commands.ts"
import { ServerProcess } from "./server-process.ts"

const rounds = 20
const workspaceRounds = 8

const folder = mkdtempSync(join(tmpdir(), "halfkey-first-start-"))
const chance = new Chance(seed)
const servers: ServerProcess[] = []
/** How long a first start takes here. */
let startMs = 0

function newServer(name: string): ServerProcess {
  const server = new ServerProcess(join(folder, name))
  servers.push(server)
  return server
}

before(async () => {
  console.log(`kill -9 at the first start: HALFKEY_CRASH_SEED=${seed}`)
  const server = newServer("measured")
  const started = performance.now()
  await server.start()
  startMs = performance.now() - started
  await server.kill()
})
after(async () => {
  for (const server of servers) await server.kill()
  rmSync(folder, { recursive: true, force: true })
})

const stepsSeen = new Map<string, number>()

/** Resolves when it is time to kill: shortly after a file has appeared or changed, or at any time. */
async function momentOf({ dataDirectory }: ServerProcess): Promise<void> {
  if (chance.happens(0.2)) return void (await sleep(startMs * chance.spread(0.3, 1)))
  // The server makes it by itself, but then nobody could watch it yet.
  mkdirSync(dataDirectory, { recursive: true, mode: 0o700 })
  const wanted = chance.pick(["lock", "halfkey.db", "halfkey.db-wal", "root.key", "setup-token"])
  if (await touched(dataDirectory, wanted)) stepsSeen.set(wanted, (stepsSeen.get(wanted) ?? 0) + 1)
  const ms = chance.between(0, 6)
  if (ms > 0) await sleep(ms)
}

/** Resolves as soon as a file has appeared, changed or gone; to `false` when that takes too long. */
function touched(directory: string, file: string): Promise<boolean> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => end(false), startMs * 2)
    const watcher = watch(directory, (_, name) => {
      if (name?.startsWith(file)) end(true)
    })
    const end = (seen: boolean) => {
      watcher.close()
      clearTimeout(timer)
      resolve(seen)
    }
  })
}

/** Hashes of the setup tokens that nobody used yet. */
function unusedTokens(server: ServerProcess): string[] {
  const db = new DatabaseSync(server.databasePath, { readOnly: true })
  const rows = db.prepare("select hash from setup_tokens where used_at is null").all()
  db.close()
  return rows.map((row) => Buffer.from(row["hash"] as Uint8Array).toString("hex"))
}

const tokenFile = (server: ServerProcess) => join(server.dataDirectory, "setup-token")
const tokenOf = (server: ServerProcess) => readFileSync(tokenFile(server), "utf8").trim()

test(`${rounds} first starts that are killed: the next one has its root key, its schema and a setup token`, async () => {
  for (let round = 0; round < rounds; round++) {
    const server = newServer(`start-${round}`)
    for (let launches = chance.between(1, 3); launches > 0; launches--) {
      const moment = momentOf(server)
      server.launch()
      await moment
      await server.kill()
    }
    await server.start()
    // A root key that is not the database's would have been refused.
    const hash = Buffer.from(sha256(parseSetupToken(tokenOf(server)))).toString("hex")
    assert.deepEqual(unusedTokens(server), [hash], `round ${round}: the file holds the one token that works`)
    for (const name of ["root.key", "setup-token", "halfkey.db"]) {
      assert.equal(statSync(join(server.dataDirectory, name)).mode & 0o077, 0, `${name} is for one user`)
    }
    const { code, stderr } = await server.signal("SIGTERM")
    assert.deepEqual({ code, stderr }, { code: 0, stderr: "" })
    const strange = readdirSync(server.dataDirectory).filter(
      (name) => !["halfkey.db", "lock", "root.key", "setup-token"].includes(name),
    )
    assert.deepEqual(strange, [])
  }
  console.log(`kill -9 at the first start: killed after ${JSON.stringify(Object.fromEntries(stepsSeen))}`)
})

/** Sends as usual, and calls back when the workspace is on its way to the server. */
function announcing(onSent: () => void): Transport {
  return async ({ method, url, headers, body, signal }) => {
    const asked = fetch(url, { method, headers, signal, ...(body !== undefined && { body }) })
    if (url.endsWith("/v1/workspaces")) onSent()
    const response = await asked
    return { status: response.status, headers: Object.fromEntries(response.headers), body: await response.text() }
  }
}

async function create(server: ServerProcess, setupToken: string, transport?: Transport) {
  const endpoint = server.origin ?? ""
  const environments = ["development"]
  const more = transport && { transport }
  return await createWorkspace({ endpoint, setupToken, label: "crash", environments, timeoutMs: 60_000, ...more })
}

async function needsSetup(server: ServerProcess): Promise<boolean> {
  const answer = await fetch(`${server.origin}/.well-known/halfkey`)
  return ((await answer.json()) as { needsSetup: boolean }).needsSetup
}

async function requireUsable(server: ServerProcess, { recoveryKit: _, ...credentials }: NewWorkspace): Promise<void> {
  const secrets = new Secrets({
    ...credentials,
    endpoint: server.origin ?? "",
    environment: "development",
    env: {},
  })
  assert.equal(unwrap(await secrets.set("AFTER_THE_CRASH", "kept")).version, 1)
  assert.equal(unwrap(await secrets.get("AFTER_THE_CRASH")), "kept")
  await secrets.close()
}

test(`${workspaceRounds} workspaces whose creation is killed: they are there as a whole or not at all`, async () => {
  const seen = { acknowledged: 0, "there all the same": 0, "not there": 0 }
  for (let round = 0; round < workspaceRounds; round++) {
    const server = newServer(`workspace-${round}`)
    await server.start()
    const setupToken = tokenOf(server)
    // The token's file goes between the transaction and the answer.
    const moment = () => (round % 2 === 0 ? touched(server.dataDirectory, "setup-token") : sleep(chance.spread(1, 30)))
    let killed: Promise<unknown> = Promise.resolve()
    const onSent = () => {
      killed = moment().then(() => server.kill())
    }
    const result = await create(server, setupToken, announcing(onSent))
    await killed
    await server.start()
    const isMissing = await needsSetup(server)
    if (result.data !== undefined) {
      assert.equal(isMissing, false, `round ${round}: an acknowledged workspace is lost`)
      seen.acknowledged++
      await requireUsable(server, result.data)
    } else if (isMissing) {
      seen["not there"]++
      assert.equal(tokenOf(server), setupToken, "the token was not used, so it still counts")
      await requireUsable(server, unwrap(await create(server, setupToken)))
    } else {
      // Its keys died with the answer; the used token must not make another one.
      seen["there all the same"]++
      assert.equal((await create(server, setupToken)).failure?.code, "invalid_setup_token")
      const env = { HALFKEY_DATA_DIR: server.dataDirectory }
      const { status, stdout, stderr } = await halfkeyServer(["setup-token"], { cwd: folder, env })
      assert.deepEqual(
        { status, stderr, stdout: stdout.toString() },
        { status: 0, stderr: "", stdout: `${tokenFile(server)}\n` },
      )
      await requireUsable(server, unwrap(await create(server, tokenOf(server))))
    }
    await server.kill()
  }
  console.log(`kill -9 while a workspace is created: ${JSON.stringify(seen)}`)
})
