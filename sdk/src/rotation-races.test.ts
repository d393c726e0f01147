/** Rotations, writers and readers at the same time: no value is lost, no version is given twice, no epoch is left over. */
import assert from "node:assert/strict"
import { after, before, test } from "node:test"
import { Admin, createWorkspace } from "./admin.ts"
import type { NewWorkspace } from "./administration/types.ts"
import type { SecretsOptions } from "./options.ts"
import { Secrets, unwrap } from "./secrets.ts"
import { RealServer } from "./testing/real-server.ts"
import { fetchTransport } from "./transport-fetch.ts"

const server = new RealServer()
const open: { close(): Promise<void> }[] = []
let workspace: NewWorkspace

before(async () => {
  await server.start()
  workspace = unwrap(
    await createWorkspace({ endpoint: server.url, setupToken: server.setupToken, label: "admin", timeoutMs: 30_000 }),
  )
})
after(async () => {
  for (const each of open) await each.close()
  await server.stop()
})

function options(environment: string): SecretsOptions {
  const { recoveryKit: _, ...credentials } = workspace
  return { ...credentials, environment, endpoint: server.url, timeoutMs: 60_000, env: {} }
}

function client(environment: string): Secrets {
  const secrets = new Secrets(options(environment))
  open.push(secrets)
  return secrets
}

/** An admin of its own, whose requests and their answers' codes are noted. */
function newAdmin(environment: string) {
  const answers: string[] = []
  const admin = new Admin({
    ...options(environment),
    transport: async (request) => {
      const answer = await fetchTransport(request)
      const code = answer.status < 400 ? "ok" : JSON.parse(answer.body).code
      answers.push(`${request.method} ${new URL(request.url).pathname.split("/").at(-1)} ${code}`)
      return answer
    },
  })
  open.push(admin)
  return { admin, answers }
}

const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes)

/** Epochs that the stored versions are under. */
async function epochsOf(secrets: Secrets, names: readonly string[]): Promise<Set<number>> {
  const epochs = new Set<number>()
  for (const name of names) for (const { epoch } of unwrap(await secrets.history(name))) epochs.add(epoch)
  return epochs
}

test("ten writers write while rotations go on: the SDK's own retry is enough", async () => {
  const environment = "development"
  const names = ["SHARED_1", "SHARED_2", ...Array.from({ length: 10 }, (_, writer) => `OWN_${writer}`)]
  const filler = client(environment)
  unwrap(await filler.setMany(Object.fromEntries(Array.from({ length: 300 }, (_, index) => [`F_${index}`, "x"]))))
  let rotating = true
  const acknowledged = new Map<string, string>()
  const writers = Array.from({ length: 10 }, async (_, writer) => {
    const secrets = client(environment)
    for (let count = 0; rotating || count < 20; count++) {
      const shared = count % 4 === 0
      const name = shared ? `SHARED_${1 + (writer % 2)}` : `OWN_${writer}`
      const value = `${writer}.${count}`
      let result = await secrets.set(name, value)
      // Where ten write one name, somebody else may be first five times; epochs are no reason to fail.
      while (shared && result.failure?.code === "version_conflict") result = await secrets.set(name, value)
      const { version } = unwrap(result)
      assert.ok(!acknowledged.has(`${name}@${version}`), `${name}@${version} was given twice`)
      acknowledged.set(`${name}@${version}`, value)
      assert.notEqual(unwrap(await secrets.get("F_7")), "")
    }
  })
  const { admin } = newAdmin(environment)
  const epochs: number[] = []
  for (let count = 0; count < 4; count++) epochs.push(unwrap(await admin.environments.rotate(environment)).epoch)
  rotating = false
  await Promise.all(writers)
  assert.deepEqual(epochs, [2, 3, 4, 5])
  const reader = client(environment)
  for (const [place, value] of acknowledged) {
    const [name = "", version] = place.split("@")
    assert.equal(text(unwrap(await reader.getVersion(name, Number(version))).value), value)
  }
  for (const name of names) {
    const versions = unwrap(await reader.history(name)).map(({ version }) => version)
    assert.deepEqual(
      versions,
      versions.map((_, index) => versions.length - index),
    )
  }
  unwrap(await admin.environments.rotate(environment))
  assert.deepEqual(await epochsOf(reader, names), new Set([6]))
})

test("a write that a rotation overtakes between prepare and commit is refused, and the SDK's retry saves it", async () => {
  const environment = "production"
  const { admin } = newAdmin(environment)
  const answers: string[] = []
  let overtaken = false
  const secrets = new Secrets({
    ...options(environment),
    transport: async (request) => {
      const commits = request.url.endsWith("/commit")
      if (commits && !overtaken) {
        overtaken = true
        unwrap(await admin.environments.rotate(environment))
      }
      const answer = await fetchTransport(request)
      if (commits) answers.push(answer.status < 400 ? "ok" : JSON.parse(answer.body).code)
      return answer
    },
  })
  open.push(secrets)
  assert.equal(unwrap(await secrets.set("OVERTAKEN", "1")).version, 1)
  assert.deepEqual(answers, ["epoch_changed", "ok"])
  assert.equal(unwrap(await client(environment).get("OVERTAKEN")), "1")
  unwrap(await secrets.delete("OVERTAKEN"))
})

test("rotations at once: one epoch wins, the others help, and all of them end", async () => {
  const environment = "production"
  const secrets = client(environment)
  // Of the test before: a value and its deletion.
  const deleted = 2
  const names = Array.from({ length: 400 }, (_, index) => `N_${index}`)
  unwrap(await secrets.setMany(Object.fromEntries(names.slice(0, 200).map((name) => [name, name]))))
  unwrap(await secrets.setMany(Object.fromEntries(names.slice(200).map((name) => [name, name]))))
  let lost = 0
  let last = 2
  for (let round = 0; round < 4; round++) {
    const admins = [newAdmin(environment), newAdmin(environment), newAdmin(environment)]
    const rotated = await Promise.all(
      admins.map(async ({ admin }) => unwrap(await admin.environments.rotate(environment))),
    )
    const resealed = rotated.reduce((sum, each) => sum + each.resealed, 0)
    const epoch = Math.max(...rotated.map((each) => each.epoch))
    // Each version was replaced exactly once for each epoch that was begun.
    assert.equal(resealed, (names.length + deleted) * (epoch - last))
    last = epoch
    lost += admins.flatMap(({ answers }) => answers).filter((answer) => answer.endsWith("_conflict")).length
    assert.deepEqual(await epochsOf(secrets, names.slice(0, 20)), new Set([epoch]))
  }
  assert.ok(lost > 0, "no two rotations ever met")
  assert.deepEqual(unwrap(await secrets.getMany(names)), Object.fromEntries(names.map((name) => [name, name])))
})

test("members change while a rotation goes on: nobody is lost, nobody stays", async () => {
  const environment = "staging"
  const secrets = client(environment)
  unwrap(await secrets.setMany(Object.fromEntries(Array.from({ length: 300 }, (_, index) => [`N_${index}`, "x"]))))
  const { admin } = newAdmin(environment)
  const other = newAdmin(environment).admin
  const create = async (label: string) => {
    const made = await other.clients.create({ label, environments: [{ name: environment }], apiKey: {} })
    return unwrap(made).credentials
  }
  const leaving = await create("leaving")
  const [, joined] = await Promise.all([
    admin.environments.rotate(environment).then(unwrap),
    create("joining"),
    other.clients.revoke(leaving.clientId).then(unwrap),
  ])
  const joiner = new Secrets({ ...options(environment), ...joined })
  open.push(joiner)
  assert.equal(unwrap(await joiner.get("N_1")), "x")
  const gone = new Secrets({ ...options(environment), ...leaving })
  open.push(gone)
  assert.equal((await gone.get("N_1")).failure?.code, "client_revoked")
})
