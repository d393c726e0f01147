/** Looks for changes again and again, until access is refused. */
import { setTimeout } from "node:timers/promises"
import { isProblemCode, problemCodes } from "@halfkey/core/formats/problem-codes"
import { report } from "../failure.ts"

export interface Follower {
  /** Names and versions, as the server says: another text where something was written. */
  versions(): Promise<string>
  /** Reads what there is now, and acts on what changed. */
  look(): Promise<void>
  tell(text: string): void
}

export interface Pace {
  readonly intervalMs: number
  /** So long nothing may be written before it is acted on: what belongs together is often written one by one. */
  readonly quietMs: number
}

/** Somebody who writes all the time must not keep a change back for ever. */
const mostQuietRounds = 10
const slowestMs = 60_000

export function usualPace(intervalMs: number): Pace {
  return { intervalMs, quietMs: Math.min(1000, intervalMs) }
}

/**
 * `known`: the versions before everything was read. Outages and what cannot be used are told once each, and survived. Throws
 * when access is refused; resolves when `signal` comes.
 */
export async function follow(known: string, follower: Follower, pace: Pace, signal: AbortSignal): Promise<void> {
  let acted = known
  let failures = 0
  let told: string | undefined
  const versions = async () => {
    const listed = await follower.versions()
    if (failures > 0) follower.tell("the server answers again")
    failures = 0
    return listed
  }
  while (!signal.aborted) {
    await pause(delayMs(pace, failures), signal)
    if (signal.aborted) return
    try {
      acted = await round(acted, { ...follower, versions }, pace, signal)
      told = undefined
    } catch (error) {
      if (signal.aborted) return
      const code = codeOf(error)
      if (code === undefined || isRefusal(code)) throw error
      failures += 1
      const text = describe(error)
      if (text !== told) follower.tell(`${text}; halfkey goes on looking for changes`)
      told = text
    }
  }
}

/** Resolves to the versions that were acted on. */
async function round(acted: string, follower: Follower, { quietMs }: Pace, signal: AbortSignal): Promise<string> {
  let listed = await follower.versions()
  if (listed === acted) return acted
  for (let count = 0; count < mostQuietRounds; count++) {
    await pause(quietMs, signal)
    const again = await follower.versions()
    if (again === listed) break
    listed = again
  }
  try {
    await follower.look()
  } catch (error) {
    const code = codeOf(error)
    if (code === undefined || isRefusal(code) || isOutage(code)) throw error
    // Only another change can mend it: the same is not read again and again.
    follower.tell(`the change is not used: ${describe(error)}`)
  }
  return listed
}

function delayMs({ intervalMs }: Pace, failures: number): number {
  const slowed = Math.min(intervalMs * 2 ** Math.min(failures, 10), Math.max(intervalMs, slowestMs))
  // Many programs that were started together must not ask together.
  return slowed * (0.9 + 0.2 * Math.random())
}

function codeOf(error: unknown): keyof typeof problemCodes | undefined {
  const { code } = (typeof error === "object" && error !== null ? error : {}) as { code?: unknown }
  return typeof code === "string" && isProblemCode(code) ? code : undefined
}

/** No key set and no grant for it look the same. */
function isRefusal(code: keyof typeof problemCodes): boolean {
  return problemCodes[code].exit === 4 || code === "keyset_not_found"
}

function isOutage(code: keyof typeof problemCodes): boolean {
  return problemCodes[code].exit === 6 || code === "internal_error" || code === "aborted"
}

function describe(error: unknown): string {
  return (report(error).lines[0] ?? "").replace(/^halfkey: /, "")
}

/** Ends early, and throws nothing, when the signal comes. */
async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await setTimeout(ms, undefined, { signal }).catch(() => {})
}
