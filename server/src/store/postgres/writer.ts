/**
 * Group commit on PostgreSQL: what comes for a workspace while one transaction of it is under way becomes the next one, so
 * that many answers share one commit. Workspaces do not wait for each other, but for a connection.
 */

import { setTimeout as wait } from "node:timers/promises"
import type { WorkspaceId } from "@halfkey/core/formats/ids"
import type { Pool, PoolClient } from "pg"
import type { Guard } from "../../domain/store.ts"
import {
  type OperationCall,
  type OperationName,
  type OperationParameters,
  type OperationResult,
  type Writer,
  workspaceOf,
} from "../operations/operations.ts"
import { type Batch, type BatchOutcome, runBatch } from "./batch.ts"
import type { ContactCheck } from "./connection.ts"
import { failureOf, isAway, TryAgainError } from "./failures.ts"

/** Most of one transaction: others wait for its locks. */
const entriesAtOnce = 1000
const callsAtOnce = 20
/** How often a transaction is tried that others undo. */
const attempts = 12
const pauseMs = 10

interface Waiting<What> {
  readonly what: What
  readonly resolve: (value: never) => void
  readonly reject: (error: Error) => void
}

class Lane {
  readonly audits: Waiting<Guard>[] = []
  readonly calls: Waiting<OperationCall>[] = []
  readonly workspaceId: WorkspaceId | undefined

  constructor(workspaceId: WorkspaceId | undefined) {
    this.workspaceId = workspaceId
  }

  get isEmpty(): boolean {
    return this.audits.length + this.calls.length === 0
  }
}

export class PostgresWriter implements Writer {
  readonly #pool: Pool
  readonly #contact: ContactCheck
  /** Those in which something waits or is under way. */
  readonly #lanes = new Map<WorkspaceId | undefined, Lane>()
  #onIdle: (() => void) | undefined

  constructor(pool: Pool, contact: ContactCheck) {
    this.#pool = pool
    this.#contact = contact
  }

  appendAudit(guard: Guard): Promise<void> {
    return this.#enqueue(guard.audit.workspaceId, (lane) => lane.audits, guard)
  }

  run<Name extends OperationName>(
    name: Name,
    ...parameters: OperationParameters<Name>
  ): Promise<OperationResult<Name>> {
    const call = { name, parameters }
    return this.#enqueue(laneOf(call), (lane) => lane.calls, call)
  }

  /** Waits for what was begun. The pool is somebody else's. */
  async close(): Promise<void> {
    if (this.#lanes.size === 0) return
    await new Promise<void>((resolve) => {
      this.#onIdle = resolve
    })
  }

  async #enqueue<What, Result>(
    of: WorkspaceId | undefined,
    queue: (lane: Lane) => Waiting<What>[],
    what: What,
  ): Promise<Result> {
    if (!this.#contact.isKnown) await this.#contact.require()
    let lane = this.#lanes.get(of)
    if (lane === undefined) {
      lane = new Lane(of)
      this.#lanes.set(of, lane)
      void this.#work(lane)
    }
    const waitings = queue(lane)
    return new Promise((resolve, reject) => waitings.push({ what, resolve, reject }))
  }

  async #work(lane: Lane): Promise<void> {
    // What else comes in this turn goes along.
    await new Promise(setImmediate)
    while (!lane.isEmpty) {
      const audits = lane.audits.splice(0, entriesAtOnce)
      const calls = lane.calls.splice(0, callsAtOnce)
      const batch = {
        workspaceId: lane.workspaceId,
        audits: audits.map(({ what }) => what),
        calls: calls.map(({ what }) => what),
      }
      const outcome = await this.#run(batch)
      for (const [index, { resolve, reject }] of audits.entries()) {
        const failure = outcome.audits[index]
        if (failure === undefined) resolve(undefined as never)
        else reject(failure)
      }
      for (const [index, { resolve, reject }] of calls.entries()) {
        const result = outcome.calls[index]
        if (result !== undefined && "value" in result) resolve(result.value as never)
        else reject(result?.failure ?? new Error("an operation without an outcome"))
      }
    }
    this.#lanes.delete(lane.workspaceId)
    if (this.#lanes.size === 0) this.#onIdle?.()
  }

  /** Never throws. */
  async #run(batch: Batch): Promise<BatchOutcome> {
    try {
      return await this.#untilDone(batch)
    } catch (error) {
      const failure =
        error instanceof TryAgainError ? new Error(`the database keeps refusing: ${error.message}`) : error
      if (batch.calls.length + Math.min(batch.audits.length, 1) <= 1 || isUnavailable(failure)) {
        return allFailed(batch, failure as Error)
      }
    }
    // One operation that the database refuses at the commit must not take its neighbours with it.
    const { workspaceId } = batch
    const { audits } = await this.#run({ workspaceId, audits: batch.audits, calls: [] })
    const calls = []
    for (const call of batch.calls) calls.push(...(await this.#run({ workspaceId, audits: [], calls: [call] })).calls)
    return { audits, calls }
  }

  async #untilDone(batch: Batch): Promise<BatchOutcome> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.#once(batch)
      } catch (error) {
        const failure = failureOf(error)
        // Nothing was committed: a connection that had ended while nobody used it, or what others undid.
        const isWorthwhile = failure instanceof TryAgainError ? attempt < attempts : isAway(error) && attempt === 1
        if (!isWorthwhile) throw failure
      }
      await wait(Math.random() * pauseMs * attempt)
    }
  }

  async #once(batch: Batch): Promise<BatchOutcome> {
    const client: PoolClient = await this.#pool.connect()
    let isUsable = false
    try {
      const outcome = await runBatch(client, batch)
      isUsable = true
      return outcome
    } catch (error) {
      isUsable = failureOf(error) instanceof TryAgainError
      throw error
    } finally {
      // After anything else nobody knows what the connection is in the middle of.
      client.release(!isUsable)
    }
  }
}

/** The workspace whose lock an operation needs: of its entry, or what it is called with. */
function laneOf(call: OperationCall): WorkspaceId | undefined {
  const [first] = call.parameters
  return workspaceOf(call) ?? (typeof first === "string" ? (first as WorkspaceId) : undefined)
}

function isUnavailable(error: unknown): boolean {
  return (error as { code?: string }).code === "unavailable"
}

function allFailed({ audits, calls }: Batch, failure: Error): BatchOutcome {
  return { audits: audits.map(() => failure), calls: calls.map(() => ({ failure })) }
}
