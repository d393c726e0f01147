/** When and how often a request is sent again. */
import { HalfkeyError } from "@halfkey/core/formats/errors"
import type { CallScope } from "./call-scope.ts"
import { ServerRefusal } from "./server-refusal.ts"

const firstDelayMs = 100
const delayMaxMs = 2000

/**
 * What a repetition can do. `repeatable`: nothing, however often it arrives (reads, and commits with identical bytes).
 * `once`: it is sent again only where the server said that it did nothing.
 */
export type Repetition = "repeatable" | "once"

/** Runs `attempt` until it succeeds, fails for good, or there is no time left. Throws the last failure. */
export async function withRetries<T>(scope: CallScope, repetition: Repetition, attempt: () => Promise<T>): Promise<T> {
  for (let count = 1; ; count++) {
    try {
      return await attempt()
    } catch (error) {
      if (count >= scope.attemptsMax || scope.signal.aborted || !mayRepeat(error, repetition)) throw error
      const delay = delayBefore(count, error)
      // Waiting past the deadline would only hide what is wrong.
      if (delay >= scope.remainingMs) throw error
      await scope.wait(delay)
    }
  }
}

function mayRepeat(error: unknown, repetition: Repetition): boolean {
  if (!(error instanceof HalfkeyError)) return false
  // 429 and 503 say that nothing was done.
  if (error instanceof ServerRefusal) return error.code === "rate_limited" || error.code === "unavailable"
  return repetition === "repeatable" && error.type === "NetworkError"
}

/** Full jitter: many clients that failed together must not come back together. */
function delayBefore(count: number, error: unknown): number {
  const asked = error instanceof ServerRefusal ? (error.retryAfterMs ?? 0) : 0
  return asked + jitter(Math.min(delayMaxMs, firstDelayMs * 2 ** (count - 1)))
}

/** A random delay from a quarter of `ms` to all of it. */
export function jitter(ms: number): number {
  return ms * (0.25 + 0.75 * Math.random())
}
