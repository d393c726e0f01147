/**
 * One replica of all brings entries into their trees: the one that holds the lock, on the connection that writes them. When it
 * dies its connection ends, the lock is free, and the next replica goes on from what is in the database.
 */
import { setTimeout as wait } from "node:timers/promises"
import type { WorkspaceId } from "@halfkey/core/formats/ids"
import type { Client } from "pg"
import type { AuditHead } from "../../domain/audit/audit-store.ts"
import { tileWidth } from "../../domain/audit/tiles.ts"
import { Sequencer, type SequencerDatabase } from "../sequencer.ts"
import { PostgresTransaction } from "./connection.ts"
import { isAway } from "./failures.ts"
import { locks, tryLock } from "./locks.ts"
import type { OpeningLog } from "./opening.ts"
import { connectAlone, type PostgresSettings } from "./pool.ts"

/** Until the lock is tried again, and until it is looked again which logs have grown. */
const lookEveryMs = 300
/** A replica that is stopped keeps its lock no longer than that. */
const stuckMs = 5000
/** Looking takes at most this part of the time, however many logs there are. */
const lookingPart = 10

const askSizes = `select id, (select seq from audit_entries where workspace_id = workspaces.id order by seq desc limit 1) as last
  from workspaces`

export interface SequencingParts {
  readonly settings: PostgresSettings
  readonly log: OpeningLog
  readonly onHead: (head: AuditHead) => void
  readonly onGap: (workspaceId: WorkspaceId, message: string) => void
}

export class Sequencing {
  readonly #parts: SequencingParts
  readonly #stopped = new AbortController()
  readonly #running: Promise<void>

  /** Begins at once, and goes on until `stop`. */
  constructor(parts: SequencingParts) {
    this.#parts = parts
    this.#running = this.#run()
  }

  async stop(): Promise<void> {
    this.#stopped.abort()
    await this.#running
  }

  get #isEnded(): boolean {
    return this.#stopped.signal.aborted
  }

  async #pause(ms: number): Promise<void> {
    await wait(ms, undefined, { signal: this.#stopped.signal, ref: false }).catch(() => {})
  }

  async #run(): Promise<void> {
    while (!this.#isEnded) {
      let client: Client | undefined
      try {
        client = await connectAlone(this.#parts.settings, { idleMs: stuckMs })
        while (!this.#isEnded && !(await tryLock(client, locks.sequencer))) await this.#pause(lookEveryMs)
        if (!this.#isEnded) await this.#sequence(client)
      } catch (error) {
        // Whoever is away is told of by those who need it.
        if (!isAway(error)) this.#parts.log.warn({ reason: reasonOf(error) }, "audit entries wait for their tree")
      }
      await client?.end().catch(() => {})
      await this.#pause(lookEveryMs)
    }
  }

  async #sequence(client: Client): Promise<void> {
    const { log, onGap, onHead } = this.#parts
    log.info({}, "this replica brings audit entries into their trees")
    const sequencer = new Sequencer({ database: databaseOf(client), now: () => performance.now(), onHead, onGap })
    await sequencer.begin()
    const sizes = new Map<WorkspaceId, number>()
    while (!this.#isEnded) {
      const began = performance.now()
      for (const { id, last } of (await client.query(askSizes)).rows) {
        if (sizes.get(id) !== last) sequencer.note([id])
        sizes.set(id, last)
      }
      const lookedMs = performance.now() - began
      for (let delay = sequencer.delay(); delay !== undefined && !this.#isEnded; delay = sequencer.delay()) {
        if (delay > 0) await this.#pause(delay)
        await sequencer.step()
      }
      await this.#pause(Math.max(lookEveryMs, lookedMs * lookingPart))
    }
  }
}

function databaseOf(client: Client): SequencerDatabase {
  return {
    connection: new PostgresTransaction(client),
    together: async (body) => {
      await client.query("begin isolation level read committed")
      try {
        await body()
        await client.query("commit")
      } catch (error) {
        if (!isAway(error)) await client.query("rollback")
        throw error
      }
    },
    isFailure: (error) => isAway(error) || (error as { code?: string }).code !== undefined,
    isOutOfSpace: (error) => /^53[12]/.test((error as { code?: string }).code ?? ""),
    rowsPerQuery: tileWidth,
  }
}

/** A code, or our own words; never what the driver says. */
function reasonOf(error: unknown): string {
  const { code, name } = error as { code?: string; name?: string }
  return code ?? name ?? "unknown"
}
