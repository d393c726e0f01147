/**
 * A replica's contact with the database: what the others change comes in here, and it is known when the last word came. Whoever
 * has had none for a second answers nothing: it cannot know what it does not know (S8).
 */
import { setImmediate as otherWork, setTimeout as wait } from "node:timers/promises"
import { HalfkeyError } from "@halfkey/core/formats/errors"
import type { WorkspaceId } from "@halfkey/core/formats/ids"
import type { Client } from "pg"
import type { ChangeListener } from "../../domain/store.ts"
import type { ContactCheck } from "./connection.ts"
import { away, isAway } from "./failures.ts"
import { locks, tryLockShared } from "./locks.ts"
import type { OpeningLog } from "./opening.ts"
import { connectAlone, type PostgresSettings } from "./pool.ts"
import { channel, keysChanged } from "./statements.ts"

/** Without a word for so long nothing is answered. */
const silenceMs = 1000
/** Between two questions, so that several fit into that. */
const askEveryMs = 200
/** Whoever needs to know waits for so many answers. */
const turnsWaitedFor = 3
/** Whoever has not asked for so long has no part in the lock of those who run. */
const idleMs = 30_000
/** Until a lost connection is tried again. */
const retryMs = 100

/** What all replicas must agree on, and what this one has in memory. */
const askAll = `select generation, id, null as kids, null as root from workspaces where id = any($1)
  union all select null, null, (select string_agg(kid, ' ' order by kid) from signing_keys),
    (select encode(root_key_id, 'hex') from server)`

export interface ContactParts {
  readonly settings: PostgresSettings
  readonly log: OpeningLog
  /** The database is no longer the one that this replica was started on. */
  readonly onFatal: (error: Error) => void
  /** What is under way on other connections need not be waited for. */
  readonly onLost: () => void
}

export class Contact implements ContactCheck {
  readonly #parts: ContactParts
  #listener: ChangeListener | undefined
  #client: Client | undefined
  #heardAt = Number.NEGATIVE_INFINITY
  #isAway = false
  #isEnded = false
  #kids: string | undefined
  #root: string | undefined
  #running: Promise<void> | undefined
  /** Ends the pause between two questions. */
  #wake: () => void = () => {}
  /** Those who wait for the answer that is due. */
  #waiting: (() => void)[] = []

  constructor(parts: ContactParts) {
    this.#parts = parts
  }

  get isKnown(): boolean {
    return performance.now() - this.#heardAt <= silenceMs
  }

  /** This process itself may have been held up: then the answer that comes is old, and the next one is not. */
  async require(): Promise<void> {
    for (let turn = 0; turn < turnsWaitedFor && !this.#isEnded; turn++) {
      const answer = new Promise<void>((resolve) => this.#waiting.push(resolve))
      this.#wake()
      await answer
      if (this.isKnown) return
      if (this.#client === undefined) break
    }
    throw away()
  }

  /** Resolves with the first contact. Throws `data_directory_in_use` while the root key of this database is being replaced. */
  async start(): Promise<void> {
    await this.#connect()
    await this.#ask()
    this.#running = this.#run()
  }

  follow(listener: ChangeListener): void {
    this.#listener = listener
  }

  async stop(): Promise<void> {
    this.#isEnded = true
    this.#wake()
    await this.#running
    await this.#client?.end().catch(() => {})
  }

  async #run(): Promise<void> {
    while (!this.#isEnded) {
      const waiting = this.#waiting.splice(0)
      try {
        if (this.#client === undefined) await this.#reconnect()
        await this.#ask()
      } catch (error) {
        if (!isAway(error) && !(error instanceof HalfkeyError)) this.#parts.log.warn({}, "the database gives no answer")
        this.#lose(this.#client)
      }
      for (const resolve of waiting) resolve()
      // However many ask, one that is away is not asked more often.
      if (this.#client === undefined) await wait(retryMs, undefined, { ref: false })
      else if (this.#waiting.length === 0) await this.#pause(askEveryMs)
    }
    for (const resolve of this.#waiting.splice(0)) resolve()
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms).unref()
      this.#wake = () => {
        clearTimeout(timer)
        resolve()
      }
    })
  }

  async #connect(): Promise<void> {
    const patience = { connectMs: silenceMs, queryMs: 4 * silenceMs }
    const client = await connectAlone(this.#parts.settings, { patience, idleMs, onEnd: (ended) => this.#lose(ended) })
    try {
      client.on("notification", ({ payload = "" }) => this.#hear(payload))
      if (!(await tryLockShared(client, locks.running))) {
        throw new HalfkeyError("data_directory_in_use", "the root key of this database is being replaced", {
          hint: "wait for halfkey-server root-key rotate to end, then start again with the new root key",
        })
      }
      await client.query(`listen ${channel}`)
    } catch (error) {
      await client.end().catch(() => {})
      throw error
    }
    this.#client = client
  }

  /** What was told while nobody listened is lost: everything is read again. */
  async #reconnect(): Promise<void> {
    await this.#connect()
    this.#kids = undefined
    this.#listener?.onContactAgain()
  }

  #lose(client: Client | undefined): void {
    if (client === undefined || client !== this.#client) return
    this.#client = undefined
    // Nobody waits for a goodbye that may never come.
    void client.end().catch(() => {})
    this.#parts.onLost()
    if (this.#isEnded || this.#isAway) return
    this.#isAway = true
    this.#parts.log.warn({}, "the database is away: requests get 503 until it is back")
  }

  async #ask(): Promise<void> {
    const asked = performance.now()
    const kept = new Map<WorkspaceId, number>()
    for (const { generation, id } of this.#listener?.kept() ?? []) kept.set(id, generation)
    if (this.#client === undefined) throw away()
    const { rows } = await this.#orSilence(this.#client.query(askAll, [[...kept.keys()]]))
    for (const { generation, id, kids, root } of rows) {
      if (id !== null && kept.get(id) !== generation) this.#listener?.onWorkspaceChanged(id)
      if (id === null) this.#compare(kids ?? "", root ?? undefined)
    }
    // What is known now was true when it was asked, or later.
    this.#heardAt = asked
    if (this.#isAway) this.#parts.log.info({}, "the database is back")
    this.#isAway = false
  }

  /** Rejects after a second of silence; not before what came meanwhile was read. */
  async #orSilence<T>(answer: Promise<T>): Promise<T> {
    let timer: NodeJS.Timeout | undefined
    const silence = new Promise<never>((_, reject) => {
      timer = setTimeout(async () => {
        for (let turn = 0; turn < 3; turn++) await otherWork()
        reject(away("silence"))
      }, silenceMs).unref()
    })
    try {
      return await Promise.race([answer, silence])
    } finally {
      clearTimeout(timer)
    }
  }

  #compare(kids: string, root: string | undefined): void {
    if (this.#kids !== kids) this.#listener?.onKeysChanged()
    this.#kids = kids
    if (this.#root !== undefined && root !== this.#root) {
      const why = "the root key of the database was replaced, or it is another database"
      this.#parts.onFatal(new HalfkeyError("root_key_mismatch", why, { hint: "start again with the new root key" }))
    }
    this.#root = root ?? this.#root
  }

  #hear(payload: string): void {
    if (payload === keysChanged) this.#listener?.onKeysChanged()
    else this.#listener?.onWorkspaceChanged(payload as WorkspaceId)
  }
}
