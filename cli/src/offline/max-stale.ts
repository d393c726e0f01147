/** How old may be what is read without the server: `--max-stale`, HALFKEY_MAX_STALE, or `maxStale` of halfkey.json or a profile. */
import { HalfkeyError } from "@halfkey/core/formats/errors"
import type { GlobalOptions } from "../command.ts"
import { usageError } from "../failure.ts"
import { spanMs } from "../input/time.ts"
import type { Settings } from "../settings/resolve.ts"

export interface MaxStale {
  /** How old, in seconds, what this command takes may be. */
  readonly seconds: number
  /** For how many seconds what it writes may be taken by any command. */
  readonly keepFor: number
}

const day = 24 * 60 * 60
const longest = 30 * day
const example = "15m, 12h or 7d, at most 30d; 0 for no cache"

/**
 * `undefined`: without a cache. The setting is what is kept; the option allows less for one command, and more only where there is no
 * setting. `--offline` by itself takes what is at most a day old. Throws usage errors.
 */
export function maxStaleOf({ maxStale, offline }: GlobalOptions, settings: Settings): MaxStale | undefined {
  const configured = settingSeconds(settings)
  const typed = maxStale === undefined ? undefined : spanSeconds(maxStale)
  if (maxStale !== undefined && typed === undefined) {
    throw usageError(`--max-stale cannot be ${JSON.stringify(maxStale)}`, `--max-stale with ${example}`)
  }
  if (offline && typed === 0) throw usageError("--offline with --max-stale 0 leaves nothing to take", "--offline alone")
  const keepFor = configured || Math.max(day, typed ?? 0)
  const seconds = typed ?? (configured || (offline ? day : 0))
  return seconds === 0 ? undefined : { seconds, keepFor }
}

/** Of the setting alone; 0 switches the cache off. Throws `invalid_configuration`. */
export function settingSeconds({ maxStale }: Settings): number {
  if (maxStale === undefined) return 0
  const seconds = spanSeconds(maxStale.value)
  if (seconds !== undefined) return seconds
  throw new HalfkeyError("invalid_configuration", `the maxStale of ${maxStale.from} is no span of time`, {
    hint: `correct it: ${example}`,
  })
}

function spanSeconds(text: string): number | undefined {
  const ms = text === "0" ? 0 : spanMs(text)
  return ms !== undefined && ms <= longest * 1000 ? ms / 1000 : undefined
}
