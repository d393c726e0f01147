/** What one replica changes, the others forget; by what they are told, and by what they ask. */
import assert from "node:assert/strict"
import { after, before, describe, type TestContext, test } from "node:test"
import type { WorkspaceId } from "@halfkey/core/formats/ids"
import type { ChangeListener, Store } from "../../domain/store.ts"
import { postgresSettings } from "../../testing/postgres-settings.ts"
import { TcpProxy } from "../../testing/tcp-proxy.ts"
import { noPostgres, TestPostgres } from "../../testing/test-postgres.ts"
import { until } from "../../testing/until.ts"
import { guard, workspaceId, workspaceInput } from "../../testing/workspace-database.ts"
import { openPostgresStore } from "../postgres.ts"

const log = { warn: () => {}, info: () => {} }

/** What is kept, and what was heard, each with a promise for the next word. */
class Listener implements ChangeListener {
  readonly heard: string[] = []
  readonly keeps = new Map<WorkspaceId, number>()
  /** How many questions to the database have begun; each begins when the one before was answered. */
  asked = 0
  #next: (() => void)[] = []

  kept() {
    this.asked++
    return [...this.keeps].map(([id, generation]) => ({ id, generation }))
  }

  onWorkspaceChanged(id: WorkspaceId): void {
    this.keeps.delete(id)
    this.#hear(id)
  }

  onKeysChanged(): void {
    this.#hear("keys")
  }

  onContactAgain(): void {
    this.#hear("again")
  }

  #hear(word: string): void {
    this.heard.push(word)
    for (const wake of this.#next.splice(0)) wake()
  }

  async hears(word: string): Promise<void> {
    while (!this.heard.includes(word)) {
      await new Promise<void>((resolve) => {
        this.#next.push(resolve)
      })
    }
    this.heard.length = 0
  }
}

describe("replicas on PostgreSQL", { skip: noPostgres }, () => {
  let postgres: TestPostgres
  before(async () => {
    postgres = await TestPostgres.start()
  })
  after(() => postgres.remove())

  async function replica(context: TestContext, url: string, fatal: Error[] = []): Promise<[Store, Listener]> {
    const sequencer = { onHead: () => {}, onGap: () => {} }
    const replica = { onFatal: (error: Error) => void fatal.push(error), sequencer }
    const store = await openPostgresStore({ settings: postgresSettings(url), log, replica })
    context.after(() => store.close())
    const listener = new Listener()
    store.follow?.(listener)
    return [store, listener]
  }

  const server = { rootKeyId: new Uint8Array(8), rootKeyDerivation: null, createdAt: 1 }
  const key = { kid: "a", kind: "token-key", wrapped: new Uint8Array(60), createdAt: 1 } as const

  async function found(store: Store): Promise<void> {
    await store.initialize({ server, signingKeys: [key] })
    await store.replaceSetupToken({ hash: workspaceInput.setupTokenHash, createdAt: 1 })
    await store.createWorkspace(guard().audit, workspaceInput)
  }

  test("a change at one replica is heard by the others", async (context) => {
    const url = await postgres.createDatabase()
    const [store] = await replica(context, url)
    const [, listener] = await replica(context, url)
    await found(store)
    await listener.hears("keys")
    await store.revokeApiKey(guard(1), { apiKeyId: workspaceInput.apiKey.id, revokedAt: 5 })
    await listener.hears(workspaceId)
    await store.addSigningKey({ key: { ...key, kid: "b" }, rootKeyId: server.rootKeyId, deleteOthers: true })
    await listener.hears("keys")
  })

  test("a change that nobody told of is found by asking", async (context) => {
    const url = await postgres.createDatabase()
    const [store, listener] = await replica(context, url)
    await found(store)
    listener.keeps.set(workspaceId, 1)
    await postgres.query(url, "update workspaces set generation = generation + 1")
    await listener.hears(workspaceId)
    await postgres.query(url, "insert into signing_keys values ('c', 'token-key', '', 5)")
    await listener.hears("keys")
  })

  test("after a silence everything is forgotten, and during it nothing is answered", async (context) => {
    const proxy = await TcpProxy.start(context, postgres.port)
    const url = await postgres.createDatabase()
    const [store, listener] = await replica(context, url.replace(`:${postgres.port}/`, `:${proxy.port}/`))
    await found(store)
    proxy.silence()
    for (;;) {
      const error = await store.ping().then(
        () => undefined,
        (thrown: Error & { code?: string }) => thrown,
      )
      if (error?.code === "unavailable") break
      await new Promise(setImmediate)
    }
    await assert.rejects(store.appendAudit(guard()), { code: "unavailable" })
    proxy.cut()
    await listener.hears("again")
  })

  test("a replica ends when the root key is another one", async (context) => {
    const url = await postgres.createDatabase()
    const fatal: Error[] = []
    const [store, listener] = await replica(context, url, fatal)
    await found(store)
    // Each question asks for the root key as well: one that began after it was there has been answered.
    const { asked } = listener
    await until(() => listener.asked >= asked + 2)
    await postgres.query(url, "update server set root_key_id = '\\x0102030405060708'")
    await until(() => fatal.length > 0)
    assert.equal((fatal[0] as { code?: string }).code, "root_key_mismatch")
  })
})
