/**
 * Brings audit entries to a target (S12): in order, at least once, from where the database says that it is. Nothing waits
 * for it: a target that does not take entries is tried again later, and they stay where they are.
 */
import { setTimeout as wait } from "node:timers/promises"
import type { WorkspaceId } from "@halfkey/core/formats/ids"
import type { AuditStore } from "../domain/audit/audit-store.ts"
import type { StreamTarget } from "./stream-target.ts"

/** Entries of one delivery. */
const entriesAtOnce = 100
const firstPauseMs = 1000
const longestPauseMs = 60_000

export interface StreamPumpParts {
  readonly store: { readonly audit: AuditStore }
  readonly target: StreamTarget
  /** Told of the first failure of a row, and of each when the pauses have become long. */
  readonly onFailure: (error: unknown, pauseMs: number) => void
  /** Told when a target takes entries again. */
  readonly onRecovery: () => void
  /** Waits; rejects when the signal says so. For tests. */
  readonly pause?: (ms: number, signal: AbortSignal) => Promise<void>
}

export class StreamPump {
  readonly #parts: StreamPumpParts
  readonly #grown = new Set<WorkspaceId>()
  readonly #stopped = new AbortController()
  #running: Promise<void> | undefined
  #failures = 0

  constructor(parts: StreamPumpParts) {
    this.#parts = parts
  }

  /** This log has entries that may not have been delivered. */
  note(workspaceId: WorkspaceId): void {
    if (this.#stopped.signal.aborted) return
    this.#grown.add(workspaceId)
    this.#running ??= this.#run().finally(() => {
      this.#running = undefined
    })
  }

  /** Stops where it is; what was not confirmed is delivered again after the next start. */
  async stop(): Promise<void> {
    this.#stopped.abort()
    await this.#running
    await this.#parts.target.close()
  }

  async #run(): Promise<void> {
    const { signal } = this.#stopped
    for (const workspaceId of this.#grown) {
      this.#grown.delete(workspaceId)
      while (!signal.aborted && (await this.#deliverSome(workspaceId)));
    }
  }

  /** Whether there may be more. */
  async #deliverSome(workspaceId: WorkspaceId): Promise<boolean> {
    const { store, target } = this.#parts
    try {
      const next = await store.audit.streamed(target.name, workspaceId)
      const page = { after: next === 0 ? undefined : next - 1, limit: entriesAtOnce, order: "asc" } as const
      const { entries } = await store.audit.entries(workspaceId, {}, page)
      const last = entries.at(-1)
      if (last === undefined) return false
      await target.deliver(workspaceId, entries, this.#stopped.signal)
      await store.audit.saveStreamed(target.name, workspaceId, last.index + 1)
      if (this.#failures > 0) this.#parts.onRecovery()
      this.#failures = 0
      return entries.length === entriesAtOnce
    } catch (error) {
      return this.#afterFailure(error)
    }
  }

  /** Waits a while, longer each time, and then lets it be tried again. */
  async #afterFailure(error: unknown): Promise<boolean> {
    const { signal } = this.#stopped
    if (signal.aborted) return false
    const pauseMs = Math.min(longestPauseMs, firstPauseMs * 2 ** this.#failures)
    if (this.#failures === 0 || pauseMs === longestPauseMs) this.#parts.onFailure(error, pauseMs)
    this.#failures++
    const { pause = (ms: number) => wait(ms, undefined, { signal, ref: false }) } = this.#parts
    try {
      await pause(pauseMs, signal)
      return true
    } catch {
      return false
    }
  }
}
