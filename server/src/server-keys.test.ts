import assert from "node:assert/strict"
import { existsSync, readFileSync } from "node:fs"
import { type TestContext, test } from "node:test"
import { nextRoster } from "@halfkey/core/client/roster-changes"
import { keyFingerprint } from "@halfkey/core/formats/key-fingerprint"
import { rosterFormat } from "@halfkey/core/formats/roster"
import { RootKey } from "@halfkey/core/key-service/root-key"
import { kidOf } from "@halfkey/core/key-service/signing-key"
import { fromBase64Url, toBase64Url, utf8 } from "@halfkey/core/primitives/bytes"
import { verifyStrict } from "@halfkey/core/primitives/ed25519"
import { systemRandom } from "@halfkey/core/primitives/random"
import { decodeProtectedHeader } from "jose"
import { pino } from "pino"
import { rotateCheckpointKey, rotateTokenKey } from "./commands/rotate-signing-key.ts"
import { readConfig } from "./config.ts"
import type { Store } from "./domain/store.ts"
import { followKeys } from "./key-follower.ts"
import { loadRootKey } from "./root-key/load.ts"
import { keysReadEveryMs, newSigningKey, ServerKeys } from "./server-keys.ts"
import { openSqliteStore } from "./store/sqlite.ts"
import { apiCall } from "./testing/api-call.ts"
import { TestServer } from "./testing/test-server.ts"
import { TestWorkspace } from "./testing/test-workspace.ts"

const minutes = 60_000

function commandParts(server: TestServer) {
  const onFatal = (error: Error) => void server.fatal.push(error)
  return { config: readConfig({ HALFKEY_DATA_DIR: server.dataDirectory }), onFatal }
}

const rotateToken = (server: TestServer, atOnce = false) => rotateTokenKey(commandParts(server), atOnce)

/** The keys of a server that runs, as another process beside it has them. */
async function keysBeside(context: TestContext, server: TestServer, now: () => number) {
  const store = await openSqliteStore({ path: server.databasePath, onFatal: () => {} })
  context.after(() => store.close())
  const rootKey = rootKeyOf(server)
  return { store, rootKey, keys: await ServerKeys.load({ store, rootKey, now }) }
}

function rootKeyOf(server: TestServer): RootKey {
  return loadRootKey(commandParts(server).config.rootKey, undefined, systemRandom).rootKey
}

/** Makes a running server look for new keys: a token that nobody made, with a `kid` that nobody knows. */
async function showUnknownKid(server: TestServer): Promise<void> {
  const part = (value: object) => toBase64Url(utf8(JSON.stringify(value)))
  const token = `${part({ alg: "Ed25519", typ: "at+jwt", kid: "unknown" })}.${part({ exp: 1 })}.${"A".repeat(86)}`
  assert.equal((await apiCall(server.url, { path: "/v1/workspace", token })).status, 401)
}

const kidsOf = async (server: TestServer): Promise<string[]> =>
  (await apiCall(server.url, { path: "/.well-known/jwks.json" })).body.keys.map(({ kid }: { kid: string }) => kid)

const kidIn = (token: string) => decodeProtectedHeader(token).kid

test("a running server takes up a new token key; the earlier one verifies until its tokens have expired", async (context) => {
  let clock = Date.now()
  const server = await TestServer.start(context, { now: () => clock })
  const { admin } = await TestWorkspace.create(server, ["production"])
  const earlier = await admin.token()
  const said = await rotateToken(server)
  await showUnknownKid(server)
  const kids = await kidsOf(server)
  assert.equal(kids.length, 2, "both are published")
  assert.equal(kids[0], kidIn(earlier))
  assert.match(said, new RegExp(`^new token key ${kids[1]}\n`))
  const { access_token: later } = (await admin.requestToken()).body
  assert.equal(kidIn(later), kids[1])
  for (const token of [earlier, later]) {
    assert.equal((await apiCall(server.url, { path: "/v1/workspace", token })).status, 200)
  }
  clock += 14 * minutes
  const { keys } = await keysBeside(context, server, () => clock)
  assert.deepEqual(await keys.sweep(), [], "tokens of the earlier key may be good still")
  clock += 4 * minutes
  assert.deepEqual(await keys.sweep(), [kids[0]])
  await showUnknownKid(server)
  assert.deepEqual(await kidsOf(server), [kids[1]])
  await server.stop()
  await server.startAgain()
  assert.deepEqual(await kidsOf(server), [kids[1]])
})

test("with --at-once every earlier token is void, one that was verified before too", async (context) => {
  let clock = Date.now()
  const server = await TestServer.start(context, { now: () => clock })
  const { admin } = await TestWorkspace.create(server, ["production"])
  await admin.expect("GET", "/v1/workspace")
  const said = await rotateToken(server, true)
  assert.match(said, /every earlier access token is void/)
  clock += 2000
  await showUnknownKid(server)
  assert.equal((await kidsOf(server)).length, 1)
  assert.equal((await admin.call("GET", "/v1/workspace")).body.code, "invalid_token")
  const { access_token: token } = (await admin.requestToken()).body
  assert.equal((await apiCall(server.url, { path: "/v1/workspace", token })).status, 200)
})

test("the keys are read again now and then, and what fails is only logged", async (context) => {
  context.mock.timers.enable({ apis: ["setInterval"] })
  const happened: string[] = []
  const keys = {
    newest: { kid: "new" },
    refresh: async () => {
      happened.push("refresh")
      if (happened.length === 3) throw new Error("no database")
      return true
    },
    sweep: async () => {
      happened.push("sweep")
      return []
    },
  }
  const log: string[] = []
  const logger = pino({ base: null }, { write: (line) => void log.push(line) })
  const stop = await followKeys(keys as unknown as ServerKeys, logger)
  assert.deepEqual(happened, ["refresh", "sweep"])
  for (let round = 0; round < 2; round++) {
    context.mock.timers.tick(keysReadEveryMs)
    await new Promise((resolve) => setImmediate(resolve))
  }
  assert.deepEqual(happened, ["refresh", "sweep", "refresh", "refresh"])
  await stop()
  context.mock.timers.tick(keysReadEveryMs)
  assert.equal(happened.length, 4)
  const messages = log.map((line) => JSON.parse(line).msg)
  assert.deepEqual(messages, [
    "signing keys changed",
    "the signing keys could not be read again",
    "signing keys changed",
  ])
})

test("a checkpoint key goes only when no workspace's newest roster names it", async (context) => {
  let clock = Date.now()
  const server = await TestServer.start(context, { now: () => clock })
  const { admin, draft, signer } = await TestWorkspace.create(server, ["production"])
  const earlier = draft.roster.auditKey
  const said = await rotateCheckpointKey(commandParts(server))
  clock += 2000
  await showUnknownKid(server)
  const later = fromBase64Url((await admin.expect("GET", "/v1/workspace")).auditKey) as Uint8Array
  assert.notDeepEqual(later, earlier)
  assert.match(said, new RegExp(`^new checkpoint key ${keyFingerprint(later)}\n`))
  const { auditKey } = (await apiCall(server.url, { path: "/.well-known/halfkey" })).body
  assert.equal(auditKey, toBase64Url(later), "new workspaces get it from the discovery document")

  const { keys } = await keysBeside(context, server, () => clock + 20 * minutes)
  assert.deepEqual(await keys.sweep(), [])
  for (const key of [earlier, later]) {
    const message = utf8("a checkpoint")
    assert.ok(verifyStrict(key, message, keys.checkpointKey(key)?.sign(message) ?? new Uint8Array(64)))
  }
  assert.equal(keys.checkpointKey(draft.root.publicKeys.signPk), undefined)

  const adopted = nextRoster(draft.roster, draft.roster.granters, signer)
  const put = (named: Uint8Array) => {
    const roster = rosterFormat.sign({ ...adopted, auditKey: named }, signer.signingKey)
    return admin.call("PUT", "/v1/roster", { roster: rosterFormat.toJson(roster), keysets: [] })
  }
  const foreign = await put(draft.root.publicKeys.signPk)
  assert.deepEqual([foreign.status, foreign.body.check], [422, "audit key"], JSON.stringify(foreign.body))
  assert.equal((await put(later)).status, 200)
  assert.deepEqual(await keys.sweep(), [kidOf(earlier)])
  assert.equal(keys.checkpointKey(earlier), undefined)
  assert.deepEqual(keys.checkpointKey(later)?.publicKey, later)
})

test("what was wrapped under another root key is not stored, and a clock that went back changes no order", async (context) => {
  const server = await TestServer.start(context)
  const { keys, rootKey, store } = await keysBeside(context, server, Date.now)
  const add = (key: RootKey, createdAt: number) =>
    store.addSigningKey({
      key: newSigningKey("token-key", key, createdAt, systemRandom).row,
      rootKeyId: key.id,
      deleteOthers: false,
    })
  await assert.rejects(add(new RootKey(systemRandom(32)), Date.now()), { code: "root_key_mismatch" })
  const { kid } = await add(rootKey, 0)
  assert.equal(await keys.refresh(), true)
  assert.equal(keys.newest.kid, kid)
  assert.equal(await keys.refresh(), false)
})

test("a deleted key is in no file of the database", async (context) => {
  const server = await TestServer.start(context)
  const wrapped = (await wrappedKeys(server)).find(({ kind }) => kind === "token-key")?.wrapped as Uint8Array
  assert.ok(occurs(server, wrapped))
  await rotateToken(server, true)
  assert.equal(occurs(server, wrapped), false)
})

async function wrappedKeys(server: TestServer): ReturnType<Store["signingKeys"]> {
  const store = await openSqliteStore({ path: server.databasePath, onFatal: () => {} })
  try {
    return await store.signingKeys()
  } finally {
    await store.close()
  }
}

function occurs(server: TestServer, bytes: Uint8Array): boolean {
  const files = ["", "-wal"].map((end) => server.databasePath + end).filter((path) => existsSync(path))
  return files.some((path) => readFileSync(path).includes(Buffer.from(bytes)))
}
