/**
 * Watching secrets: asks for versions again and again, and reads what has another one. The list is the server's word and
 * only says where to look; what is told was read, opened and checked like every other read.
 */
import { HalfkeyError } from "@halfkey/core/formats/errors"
import { fromUtf8 } from "@halfkey/core/primitives/bytes"
import { wrongType } from "./argument-types.ts"
import { toFailure } from "./failure.ts"
import type { CallOptions } from "./options.ts"
import type { Failure } from "./result.ts"
import type { Secret } from "./secret.ts"
import type { OpenedSecret } from "./vault-read.ts"

/** A secret that was written, deleted, or came back. */
export interface WatchedChange {
  readonly name: string
  /** `undefined`: it was deleted. */
  readonly secret: Secret | undefined
  /** The value, where there is one and it is text. */
  readonly text: string | undefined
}

/** Called with what changed, never twice at the same time: the next question waits until it is done. */
export type WatchListener = (changes: readonly WatchedChange[]) => void | Promise<void>

/** Of `watch`. */
export interface WatchOptions extends CallOptions {
  /** From one question to the next, in milliseconds, give or take a tenth. Default 30,000, at least 100. */
  readonly intervalMs?: number | undefined
  /** Ends the watch. */
  readonly signal?: AbortSignal | undefined
  /** Told why a question failed. The watch goes on, up to eight times slower while failures last. */
  readonly onFailure?: ((failure: Failure) => void) | undefined
}

/** A watch that is under way. */
export interface Watch {
  /** What there was at the beginning: every change after that is told. */
  readonly secrets: readonly Secret[]
  /** No question and no call of the listener comes after this. */
  stop(): void
}

/** What a watch asks. */
export interface WatchSource {
  /** Versions of the names, deletions included; what was never written may be left out. */
  versions(options: CallOptions): Promise<ReadonlyMap<string, number>>
  read(options: CallOptions, names: readonly string[]): Promise<ReadonlyMap<string, OpenedSecret>>
}

const usualIntervalMs = 30_000
const intervalLeastMs = 100
const intervalMostMs = 24 * 60 * 60 * 1000
const slowestFactor = 8

/** Throws `WrongType` and `invalid_argument`. */
function checkedInterval(intervalMs: unknown = usualIntervalMs): number {
  if (typeof intervalMs !== "number") throw wrongType("intervalMs", "a number", intervalMs)
  if (intervalMs >= intervalLeastMs && intervalMs <= intervalMostMs) return intervalMs
  throw new HalfkeyError("invalid_argument", `intervalMs must be from ${intervalLeastMs} to ${intervalMostMs}`)
}

export class Watcher {
  readonly #source: WatchSource
  readonly #options: WatchOptions
  readonly #listener: WatchListener
  readonly #intervalMs: number
  readonly #versions: Map<string, number>
  readonly #live = new Set<string>()
  readonly #controller = new AbortController()
  readonly #stop = () => this.stop()

  constructor(source: WatchSource, names: readonly string[], listener: WatchListener, options: WatchOptions) {
    this.#source = source
    this.#options = options
    this.#listener = listener
    this.#intervalMs = checkedInterval(options.intervalMs)
    this.#versions = new Map(names.map((name) => [name, 0]))
    if (options.signal?.aborted) this.#controller.abort()
    else options.signal?.addEventListener("abort", this.#stop, { once: true })
  }

  /** Reads what there is. Throws what a read throws, except for secrets that are missing. */
  async start(): Promise<readonly Secret[]> {
    try {
      const changes = await this.#read([...this.#versions.keys()])
      this.#run()
      return changes.flatMap(({ secret }) => (secret === undefined ? [] : [secret]))
    } catch (error) {
      this.stop()
      throw error
    }
  }

  stop(): void {
    this.#controller.abort()
    this.#options.signal?.removeEventListener("abort", this.#stop)
  }

  /** Whether it was stopped. */
  get over(): boolean {
    return this.#controller.signal.aborted
  }

  async #run(): Promise<void> {
    for (let failures = 0; ; ) {
      const factor = Math.min(slowestFactor, 2 ** failures)
      // Many programs that started together must not ask together.
      await this.#wait(this.#intervalMs * factor * (0.9 + 0.2 * Math.random()))
      if (this.over) return
      try {
        const changes = await this.#changes()
        failures = 0
        if (changes.length > 0) await this.#tell(() => this.#listener(changes))
      } catch (error) {
        failures += 1
        await this.#tell(() => this.#options.onFailure?.(toFailure(error)))
      }
    }
  }

  /** What was thrown by functions of the program is the program's: it ends where errors of timers end. */
  async #tell(call: () => unknown): Promise<void> {
    if (this.over) return
    try {
      await call()
    } catch (error) {
      queueMicrotask(() => {
        throw error
      })
    }
  }

  async #changes(): Promise<WatchedChange[]> {
    const versions = await this.#source.versions(this.#callOptions)
    const changed = [...this.#versions].filter(([name, version]) => (versions.get(name) ?? 0) !== version)
    return changed.length === 0 ? [] : await this.#read(changed.map(([name]) => name))
  }

  /** Reads these, and keeps their versions. */
  async #read(names: readonly string[]): Promise<WatchedChange[]> {
    const found = await this.#source.read(this.#callOptions, names)
    const changes: WatchedChange[] = []
    for (const [name, { metadata, value }] of found) {
      if (this.#versions.get(name) === metadata.version) continue
      this.#versions.set(name, metadata.version)
      const wasLive = this.#live.delete(name)
      if (value !== undefined) {
        this.#live.add(name)
        changes.push({ name, secret: { ...metadata, value }, text: textOrUndefined(value) })
        // One that came and went between two questions did not change.
      } else if (wasLive) changes.push({ name, secret: undefined, text: undefined })
    }
    return changes
  }

  get #callOptions(): CallOptions {
    const { audit, environment, timeoutMs } = this.#options
    return { audit, environment, timeoutMs, signal: this.#controller.signal }
  }

  #wait(ms: number): Promise<void> {
    const { signal } = this.#controller
    return new Promise((resolve) => {
      const done = () => {
        clearTimeout(timer)
        signal.removeEventListener("abort", done)
        resolve()
      }
      const timer = setTimeout(done, ms)
      if (signal.aborted) done()
      else signal.addEventListener("abort", done, { once: true })
    })
  }
}

function textOrUndefined(value: Uint8Array): string | undefined {
  try {
    return fromUtf8(value)
  } catch {
    return undefined
  }
}
