/** Two processes that rotate and ten that write, at the same time: nothing is lost or doubled, and no epoch is left over. */
import assert from "node:assert/strict"
import { spawn } from "node:child_process"
import { once } from "node:events"
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { DatabaseSync } from "node:sqlite"
import { after, before, test } from "node:test"
import { createWorkspace, type NewWorkspace } from "halfkey/admin"
import { Secrets, type SecretsOptions, unwrap } from "halfkey/secrets"
import { RealServer } from "../../sdk/src/testing/real-server.ts"
import { halfkey } from "../crash/commands.ts"
import { track } from "../crash/server-process.ts"
import type { Acknowledged, Orders } from "./writing-process.ts"

const environment = "production"
const writersCount = 10
const rotationsOfEach = 4
const shared = ["SHARED_1", "SHARED_2"]
const kept = Object.fromEntries(Array.from({ length: 200 }, (_, index) => [`KEPT_${index}`, `kept ${index}`]))

const folder = mkdtempSync(join(tmpdir(), "halfkey-processes-"))
const server = new RealServer()
let workspace: NewWorkspace

before(async () => {
  await server.start()
  const { setupToken, url: endpoint } = server
  workspace = unwrap(await createWorkspace({ endpoint, setupToken, label: "admin", timeoutMs: 60_000 }))
  await reading(async (secrets) => void unwrap(await secrets.setMany(kept)))
})
after(async () => {
  await server.stop()
  rmSync(folder, { recursive: true, force: true })
})

function options(): SecretsOptions {
  const { apiKey, clientId, clientKey, workspaceCRN } = workspace
  return { apiKey, clientId, clientKey, workspaceCRN, environment, endpoint: server.url, timeoutMs: 60_000, env: {} }
}

async function reading<T>(work: (secrets: Secrets) => Promise<T>): Promise<T> {
  const secrets = new Secrets(options())
  try {
    return await work(secrets)
  } finally {
    await secrets.close()
  }
}

/** Starts a process that writes. Its `stop` resolves to all that it was told is written. */
function startWriter(index: number) {
  const child = track(
    spawn(process.execPath, [join(import.meta.dirname, "writing-process.ts")], {
      env: {},
      stdio: ["pipe", "pipe", "pipe"],
    }),
  )
  const orders: Orders = { options: options(), label: `writer ${index}`, names: [`OWN_${index}`, ...shared] }
  let stdout = ""
  let stderr = ""
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    stdout += text
  })
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    stderr += text
  })
  child.stdin.on("error", () => {})
  child.stdin.write(`${JSON.stringify(orders)}\n`)
  const ended = once(child, "close")
  const stop = async (): Promise<Acknowledged[]> => {
    child.stdin.end()
    const [code] = await ended
    assert.equal(code, 0, `writer ${index}: ${stderr}`)
    return stdout
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line))
  }
  return { stop, hasBegun: once(child.stdout, "data") }
}

/** Rotates again and again by the command. Both use one configuration directory, as two shells of one person do. */
async function rotateAgainAndAgain(configDirectory: string): Promise<number[]> {
  const epochs: number[] = []
  for (let count = 0; count < rotationsOfEach; count++) {
    const env = { HALFKEY_CONFIG_DIR: configDirectory, HOME: folder }
    const { status, stderr } = await halfkey(["rotate", "-e", environment, "--new"], { env, cwd: folder })
    assert.equal(status, 0, stderr)
    epochs.push(Number(/has new keys \(epoch (\d+)\)/.exec(stderr)?.[1]))
  }
  return epochs
}

function rowsOf(table: string): number {
  const db = new DatabaseSync(join(server.dataDirectory, "halfkey.db"), { readOnly: true })
  try {
    const sql = `select count(*) as count from ${table} where keyset_id = (select id from keysets where name = ?)`
    return Number(db.prepare(sql).get(environment)?.["count"])
  } finally {
    db.close()
  }
}

test("no value is lost, no version is given twice, no epoch is stuck", async () => {
  const configDirectory = join(folder, "config")
  mkdirSync(join(configDirectory, "profiles"), { recursive: true, mode: 0o700 })
  const { recoveryKit: _, ...credentials } = workspace
  const profile = JSON.stringify({ endpoint: server.url, ...credentials })
  writeFileSync(join(configDirectory, "profiles", "local.json"), profile, { mode: 0o600 })

  const writers = Array.from({ length: writersCount }, (_, index) => startWriter(index))
  await Promise.all(writers.map(({ hasBegun }) => hasBegun))
  const rotated = await Promise.all([rotateAgainAndAgain(configDirectory), rotateAgainAndAgain(configDirectory)])
  const acknowledged = (await Promise.all(writers.map(({ stop }) => stop()))).flat()

  // Every one of them ended with an epoch later than its own one before.
  for (const epochs of rotated)
    assert.deepEqual(
      epochs,
      [...new Set(epochs)].toSorted((a, b) => a - b),
    )
  const places = acknowledged.map(({ name, version }) => `${name}@${version}`)
  assert.equal(new Set(places).size, places.length, "a version was given twice")
  await reading(async (secrets) => {
    for (const { name, value, version } of acknowledged) {
      assert.equal(new TextDecoder().decode(unwrap(await secrets.getVersion(name, version)).value), value)
    }
    assert.deepEqual(unwrap(await secrets.getMany(Object.keys(kept))), kept)
  })

  const last = await halfkey(["rotate", "-e", environment], {
    env: { HALFKEY_CONFIG_DIR: configDirectory, HOME: folder },
    cwd: folder,
  })
  assert.equal(last.status, 0, last.stderr)
  await reading(async (secrets) => {
    const epochs = new Set<number>()
    for (const name of [...shared, ...writers.map((_, index) => `OWN_${index}`)]) {
      const history = unwrap(await secrets.history(name))
      // Nothing in between was left out, nothing is there that nobody was told of.
      assert.deepEqual(
        history.map(({ version }) => version),
        history.map((_, index) => history.length - index),
      )
      assert.equal(acknowledged.filter((each) => each.name === name).length, history.length, name)
      for (const { epoch } of history) epochs.add(epoch)
    }
    assert.equal(epochs.size, 1)
  })
  assert.deepEqual([rowsOf("authority_keys"), rowsOf("recovery_grants"), rowsOf("grants")], [1, 1, 1])
  const perWriter = Math.round(acknowledged.length / writersCount)
  console.log(`rotated ${rotated.flat().length} times to epochs ${rotated.join(" and ")}, ${perWriter} writes each`)
})
