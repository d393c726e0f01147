/**
 * The near side of the writer's thread. What is asked for in one turn is a message or a few, and all messages that
 * reach the thread while it writes a batch become its next one: one fsync serves them all, and the busier the server,
 * the larger the batches.
 */
import { Worker } from "node:worker_threads"
import { HalfkeyError } from "@halfkey/core/formats/errors"
import { type Guard, type SequencerEvents, StaleStateError } from "../../domain/store.ts"
import type {
  OperationCall,
  OperationName,
  OperationParameters,
  OperationResult,
  Writer,
} from "../operations/operations.ts"
import { encodeAudits } from "./audit-batch.ts"
import type { BatchOutcome, Failure } from "./group-commit.ts"
import type { FromWriter, ToWriter, WriterData } from "./writer-worker.ts"

interface Waiting<What> {
  readonly what: What
  readonly resolve: (value: never) => void
  readonly reject: (error: Error) => void
}

/** What one message holds, or what the next one will. */
class Waitings {
  readonly audits: Waiting<Guard>[] = []
  readonly calls: Waiting<OperationCall>[] = []

  get isEmpty(): boolean {
    return this.audits.length + this.calls.length === 0
  }

  rejectAll(error: Error): void {
    for (const { reject } of [...this.audits, ...this.calls]) reject(error)
  }
}

/** So many entries do not wait for the end of the turn: the thread writes them while this one reads the next requests. */
const sentAtOnce = 16

export interface WriterEvents {
  /** The state on disk is not known any more: the process must end. */
  readonly onFatal: (error: Error) => void
  /** Absent where another process sequences the audit logs of this database. */
  readonly sequencer?: SequencerEvents | undefined
}

export class SqliteWriter implements Writer {
  readonly #worker: Worker
  #events: WriterEvents | undefined
  #next = new Waitings()
  /** In the order in which they were sent. */
  #inFlight: Waitings[] = []
  #scheduled = false
  #ended: Error | undefined
  #idle: (() => void) | undefined

  private constructor(worker: Worker) {
    this.#worker = worker
    worker.on("message", (message: "ready" | FromWriter) => message !== "ready" && this.#receive(message))
    worker.on("error", (error) => this.#end(error))
    worker.on("exit", (code) => this.#end(new Error(`the writer's thread ended with code ${code}`)))
  }

  static async start(path: string, events: WriterEvents): Promise<SqliteWriter> {
    const extension = import.meta.url.endsWith(".ts") ? "ts" : "js"
    const worker = new Worker(new URL(`./writer-worker.${extension}`, import.meta.url), {
      workerData: { path, sequences: events.sequencer !== undefined } satisfies WriterData,
      resourceLimits: { maxYoungGenerationSizeMb: 8 },
    })
    const writer = new SqliteWriter(worker)
    await new Promise<void>((resolve, reject) => {
      worker.once("message", () => resolve())
      worker.once("error", reject)
      // A thread that ends without a word must not leave the start waiting for ever.
      worker.once("exit", (code) => reject(new Error(`the writer's thread ended at its start with code ${code}`)))
    })
    writer.#events = events
    return writer
  }

  appendAudit(guard: Guard): Promise<void> {
    return this.#enqueue(this.#next.audits, guard)
  }

  run<Name extends OperationName>(
    name: Name,
    ...parameters: OperationParameters<Name>
  ): Promise<OperationResult<Name>> {
    return this.#enqueue(this.#next.calls, { name, parameters })
  }

  async close(): Promise<void> {
    if (this.#ended !== undefined) return
    if (!this.#next.isEmpty || this.#inFlight.length > 0) {
      await new Promise<void>((resolve) => {
        this.#idle = resolve
      })
    }
    this.#ended = new HalfkeyError("unavailable", "the server is stopping")
    const exited = new Promise<void>((resolve) => this.#worker.once("exit", () => resolve()))
    this.#worker.postMessage("close" satisfies ToWriter)
    await exited
  }

  #enqueue<What, Result>(queue: Waiting<What>[], what: What): Promise<Result> {
    return new Promise((resolve, reject) => {
      if (this.#ended !== undefined) return reject(this.#ended)
      queue.push({ what, resolve, reject })
      if (this.#next.audits.length >= sentAtOnce) return this.#send()
      if (this.#scheduled) return
      this.#scheduled = true
      setImmediate(() => {
        this.#scheduled = false
        this.#send()
      })
    })
  }

  #send(): void {
    if (this.#next.isEmpty || this.#ended !== undefined) return
    const batch = this.#next
    this.#next = new Waitings()
    this.#inFlight.push(batch)
    const audits = encodeAudits(batch.audits.map(({ what }) => what))
    const message: ToWriter = { audits, calls: batch.calls.map(({ what }) => what) }
    this.#worker.postMessage(message, [audits.bytes.buffer])
  }

  #receive(message: FromWriter): void {
    const sequencer = this.#events?.sequencer
    if ("head" in message) sequencer?.onHead(message.head)
    else if ("gap" in message) sequencer?.onGap(message.gap.workspaceId, message.gap.message)
    else this.#answer(message.messages, message.outcome)
  }

  #answer(messages: number, outcome: BatchOutcome): void {
    const answered = this.#inFlight.splice(0, messages)
    settleAudits(
      answered.flatMap(({ audits }) => audits),
      outcome.audits,
    )
    for (const [index, { resolve, reject }] of answered.flatMap(({ calls }) => calls).entries()) {
      const result = outcome.calls[index]
      if (result?.ok) resolve(result.value as never)
      else reject(result ? errorOf(result.failure) : new Error("the writer gave no answer"))
    }
    const fatal = [outcome.audits, ...outcome.calls].find((each) => "failure" in each && each.failure.kind === "fatal")
    if (fatal !== undefined && "failure" in fatal) this.#end(errorOf(fatal.failure))
    if (this.#inFlight.length === 0 && this.#next.isEmpty) this.#idle?.()
  }

  /** Nobody is told that a write succeeded whose fate is unknown. */
  #end(error: Error): void {
    if (this.#ended !== undefined) return
    this.#ended = error
    for (const waitings of [...this.#inFlight, this.#next]) waitings.rejectAll(error)
    this.#inFlight = []
    this.#idle?.()
    this.#events?.onFatal(error)
  }
}

function settleAudits(audits: readonly Waiting<Guard>[], outcome: BatchOutcome["audits"]): void {
  if ("failure" in outcome) {
    for (const { reject } of audits) reject(errorOf(outcome.failure))
    return
  }
  const stale = new Set(outcome.stale)
  for (const [index, { resolve, reject }] of audits.entries()) {
    if (stale.has(index)) reject(new StaleStateError())
    else resolve(undefined as never)
  }
}

function errorOf(failure: Failure): Error {
  switch (failure.kind) {
    case "stale":
      return new StaleStateError()
    case "problem":
      return new HalfkeyError(failure.code, failure.message, { hint: failure.hint, facts: failure.facts })
    case "full":
      return new HalfkeyError("storage_full", "the server's disk is full: nothing was changed", {
        hint: "ask the operator to free space on the server's disk, then repeat",
      })
    default:
      return new Error(failure.message)
  }
}
