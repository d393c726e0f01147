/** One call's time: its deadline, and the caller's wish to give up, in one signal. */
import { HalfkeyError } from "@halfkey/core/formats/errors"
import type { CachedAnswers, Noted } from "./cache/answers.ts"

/** Longest delay that timers take. */
const timerMaxMs = 2 ** 31 - 1

export class CallScope {
  readonly #controller = new AbortController()
  readonly #timer: ReturnType<typeof setTimeout>
  readonly #endsAt: number
  readonly #timeoutMs: number
  readonly #callerSignal: AbortSignal | undefined
  readonly #onAbort = () => this.#controller.abort()

  /** Most times that one request is sent. */
  attemptsMax = 4
  /** Answers in the place of the server's. */
  cached: CachedAnswers | undefined
  /** What the server answered to reads, for the cache; `undefined` where there is none. */
  noted: Noted[] | undefined

  /** What the caller says about this call for the audit log, as a header's text. */
  readonly audit: string | undefined

  constructor(timeoutMs: number, callerSignal: AbortSignal | undefined, audit?: string) {
    this.audit = audit
    this.#timeoutMs = Math.min(timeoutMs, timerMaxMs)
    // Not `performance`, whose first use makes Node load more than a short-lived program has time for. Where somebody sets the
    // clock meanwhile, the timer still ends the call in time.
    this.#endsAt = Date.now() + this.#timeoutMs
    this.#timer = setTimeout(() => this.#controller.abort(), this.#timeoutMs)
    this.#callerSignal = callerSignal
    if (callerSignal?.aborted) this.#controller.abort()
    else callerSignal?.addEventListener("abort", this.#onAbort, { once: true })
  }

  /** Aborted at the deadline, or with the caller's own signal. */
  get signal(): AbortSignal {
    return this.#controller.signal
  }

  get remainingMs(): number {
    return Math.max(0, this.#endsAt - Date.now())
  }

  /** Why the call is over. */
  failure(): HalfkeyError {
    if (this.#callerSignal?.aborted) return new HalfkeyError("aborted", "the call was given up by its caller")
    return new HalfkeyError("timeout", `no answer within ${this.#timeoutMs} ms`, {
      hint: "try again, or allow more time with timeoutMs; `halfkey doctor` checks the server",
    })
  }

  throwIfOver(): void {
    if (this.signal.aborted) throw this.failure()
  }

  /** Waits for work that other calls share: it goes on when this call is over. */
  async race<T>(work: Promise<T>): Promise<T> {
    this.throwIfOver()
    let onAbort: (() => void) | undefined
    const over = new Promise<never>((_, reject) => {
      onAbort = () => reject(this.failure())
      this.signal.addEventListener("abort", onAbort, { once: true })
    })
    try {
      return await Promise.race([work, over])
    } finally {
      if (onAbort !== undefined) this.signal.removeEventListener("abort", onAbort)
    }
  }

  async wait(ms: number): Promise<void> {
    let timer: ReturnType<typeof setTimeout> | undefined
    try {
      await this.race(
        new Promise<void>((resolve) => {
          timer = setTimeout(resolve, ms)
        }),
      )
    } finally {
      clearTimeout(timer)
    }
  }

  /** Frees the timer, so that a finished program may end. */
  end(): void {
    clearTimeout(this.#timer)
    this.#callerSignal?.removeEventListener("abort", this.#onAbort)
  }
}
