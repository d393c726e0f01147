/**
 * The sweep (S5): when the time to undo it is over, the keys of a destroyed key set are deleted, and its records are noise.
 * Runs at start and at least hourly. Each key set is one transaction, so that a crash at any moment only puts it off.
 */
import { newKeysetId, type WorkspaceId } from "@halfkey/core/formats/ids"
import type { RandomSource } from "@halfkey/core/primitives/random"
import type { UnpurgedRow } from "../../domain/rows.ts"
import { StaleStateError, type Store } from "../../domain/store.ts"
import type { AuditEntries } from "../audit/entries.ts"

const longestMs = 60 * 60 * 1000
/** After a failure, as of a full disk. */
const againMs = 60 * 1000
/** How often a purge is decided anew because the workspace changed meanwhile, until the next sweep does it. */
const attempts = 8

export interface PurgesParts {
  readonly store: Store
  readonly entries: AuditEntries
  readonly now: () => number
  readonly random: RandomSource
  /** Forgets what is in memory of a workspace's keys. */
  readonly onPurged: (workspaceId: WorkspaceId) => void
  readonly log: {
    info(facts: object, message: string): void
    error(facts: object, message: string): void
  }
}

export class Purges {
  readonly #parts: PurgesParts
  #timer: NodeJS.Timeout | undefined
  #sweeping: Promise<void> | undefined
  #stopped = false

  constructor(parts: PurgesParts) {
    this.#parts = parts
  }

  /** Sweeps now, and from then on by itself. Also when something was destroyed, whose time may be over soon. */
  look(): void {
    if (this.#stopped) return
    clearTimeout(this.#timer)
    this.#sweeping = (this.#sweeping ?? Promise.resolve()).then(() => this.#sweepAndWait())
  }

  /** Waits for a sweep under way. */
  async stop(): Promise<void> {
    this.#stopped = true
    clearTimeout(this.#timer)
    await this.#sweeping
  }

  async #sweepAndWait(): Promise<void> {
    if (this.#stopped) return
    const { log, now } = this.#parts
    let waitMs = againMs
    try {
      const next = await this.#sweep()
      waitMs = Math.min(longestMs, Math.max(1, (next ?? Number.POSITIVE_INFINITY) - now()))
    } catch (error) {
      log.error({ kind: error instanceof Error ? error.name : "unknown" }, "the keys of a destroyed environment stay")
    }
    clearTimeout(this.#timer)
    if (!this.#stopped) this.#timer = setTimeout(() => this.look(), waitMs).unref()
  }

  /** When the next one is due. */
  async #sweep(): Promise<number | undefined> {
    const { now, store } = this.#parts
    for (const keyset of await store.unpurgedKeysets()) {
      if (keyset.undoUntil > now()) return keyset.undoUntil
      await this.#purge(keyset)
    }
    return undefined
  }

  async #purge({ id: keysetId, name, workspaceId }: UnpurgedRow): Promise<void> {
    const { entries, log, now, onPurged, random, store } = this.#parts
    for (let attempt = 0; attempt < attempts; attempt++) {
      const workspace = await store.workspace(workspaceId)
      const keyset = await store.keysetById(workspaceId, keysetId)
      const isDue = keyset?.purgedAt === null && keyset.undoUntil !== null && keyset.undoUntil <= now()
      if (workspace === undefined || !isDue) return
      // Nobody asked: it is the server that keeps what was promised to the granter who signed.
      const self = { credential: undefined, requestId: newKeysetId(random), address: "server", userAgent: undefined }
      const details = { keysetId, environment: name, subject: `revision ${keyset.revision}` }
      const audit = entries.record({ ...self, identity: {} }, { workspaceId, action: "keyset.purge", details })
      try {
        await store.purgeKeyset({ generation: workspace.generation, audit }, { keysetId, purgedAt: now() })
        onPurged(workspaceId)
        log.info({ keysetId }, "the keys of a destroyed environment are deleted")
        return
      } catch (error) {
        if (!(error instanceof StaleStateError)) throw error
      }
    }
  }
}
