/**
 * The near side of the writer's thread. Everything that is asked for while a batch is being written becomes the next
 * batch: one fsync serves them all, and the busier the server, the larger the batches.
 */
import { Worker } from "node:worker_threads"
import { HalfkeyError } from "@halfkey/core/formats/errors"
import { StaleStateError } from "../../domain/store.ts"
import type {
  OperationCall,
  OperationName,
  OperationParameters,
  OperationResult,
  Writer,
} from "../operations/operations.ts"
import type { Failure, Outcome } from "./group-commit.ts"

interface Waiting {
  readonly call: OperationCall
  readonly resolve: (value: unknown) => void
  readonly reject: (error: Error) => void
}

export class SqliteWriter implements Writer {
  readonly #worker: Worker
  #onFatal: ((error: Error) => void) | undefined
  #queue: Waiting[] = []
  #inFlight: Waiting[] = []
  #scheduled = false
  #ended: Error | undefined
  #idle: (() => void) | undefined

  private constructor(worker: Worker) {
    this.#worker = worker
    worker.on("message", (message: "ready" | readonly Outcome[]) => message !== "ready" && this.#answer(message))
    worker.on("error", (error) => this.#end(error))
    worker.on("exit", (code) => this.#end(new Error(`the writer's thread ended with code ${code}`)))
  }

  /** `onFatal` is called when the state on disk is not known any more: the process must end. */
  static async start(path: string, onFatal: (error: Error) => void): Promise<SqliteWriter> {
    const extension = import.meta.url.endsWith(".ts") ? "ts" : "js"
    const worker = new Worker(new URL(`./writer-worker.${extension}`, import.meta.url), { workerData: { path } })
    const writer = new SqliteWriter(worker)
    await new Promise<void>((resolve, reject) => {
      worker.once("message", () => resolve())
      worker.once("error", reject)
    })
    writer.#onFatal = onFatal
    return writer
  }

  run<Name extends OperationName>(
    name: Name,
    ...parameters: OperationParameters<Name>
  ): Promise<OperationResult<Name>> {
    return new Promise((resolve, reject) => {
      if (this.#ended !== undefined) return reject(this.#ended)
      this.#queue.push({ call: { name, parameters }, resolve: resolve as (value: unknown) => void, reject })
      this.#schedule()
    })
  }

  async close(): Promise<void> {
    if (this.#ended !== undefined) return
    if (this.#queue.length + this.#inFlight.length > 0) {
      await new Promise<void>((resolve) => {
        this.#idle = resolve
      })
    }
    this.#ended = new HalfkeyError("unavailable", "the server is stopping")
    const exited = new Promise<void>((resolve) => this.#worker.once("exit", () => resolve()))
    this.#worker.postMessage("close")
    await exited
  }

  /** Waits for the end of this turn, so that all requests that came together are written together. */
  #schedule(): void {
    if (this.#scheduled || this.#inFlight.length > 0) return
    this.#scheduled = true
    setImmediate(() => {
      this.#scheduled = false
      this.#send()
    })
  }

  #send(): void {
    if (this.#queue.length === 0 || this.#ended !== undefined) return
    this.#inFlight = this.#queue
    this.#queue = []
    this.#worker.postMessage(this.#inFlight.map(({ call }) => call))
  }

  #answer(outcomes: readonly Outcome[]): void {
    const answered = this.#inFlight
    this.#inFlight = []
    for (const [index, { resolve, reject }] of answered.entries()) {
      const outcome = outcomes[index]
      if (outcome?.ok) resolve(outcome.value)
      else reject(outcome ? errorOf(outcome.failure) : new Error("the writer gave no answer"))
    }
    const fatal = outcomes.find((outcome) => !outcome.ok && outcome.failure.kind === "fatal")
    if (fatal !== undefined && !fatal.ok) this.#end(errorOf(fatal.failure))
    this.#send()
    if (this.#inFlight.length === 0) this.#idle?.()
  }

  /** Nobody is told that a write succeeded whose fate is unknown. */
  #end(error: Error): void {
    if (this.#ended !== undefined) return
    this.#ended = error
    for (const { reject } of [...this.#inFlight, ...this.#queue]) reject(error)
    this.#inFlight = []
    this.#queue = []
    this.#idle?.()
    this.#onFatal?.(error)
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
