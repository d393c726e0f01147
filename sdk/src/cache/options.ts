/** The cache as an option of `Secrets` (S14): whether, for how long, and where. */
import { HalfkeyError } from "@halfkey/core/formats/errors"
import { requireFunction, wrongType } from "../argument-types.ts"
import type { Failure } from "../result.ts"

/**
 * Keeps encrypted caches by key; a key is text of `A-Z a-z 0-9 . _ -`. What it holds is authenticated, so a store may be
 * anything; `fileCache` of `halfkey/cache` is one for Node, Bun and Deno.
 */
export interface CacheStore {
  load(key: string): Promise<Uint8Array | undefined>
  /** Replaces what is there by what `change` makes of it; `undefined` leaves it. At once, as far as others can see. */
  update(key: string, change: (stored: Uint8Array | undefined) => Uint8Array | undefined): Promise<void>
  /** Removes all whose keys begin like this. */
  remove(prefix: string): Promise<void>
}

/** That a call was answered by the cache. */
export interface CacheUse {
  readonly environment: string
  /** Of the oldest thing that was needed. */
  readonly ageSeconds: number
  /** Why the server did not answer; `undefined` where it was not asked. */
  readonly failure: Failure | undefined
}

/** An encrypted cache of what was read, for when the server is away (S14). */
export interface CacheOptions {
  /** How old, in seconds, what is served may be. At most 30 days. */
  readonly maxStale: number
  /** For how many seconds what is written may be served, whatever a later reader allows. Default `maxStale`. */
  readonly keepFor?: number | undefined
  /** Default: memory, which bridges outages of a running program. */
  readonly store?: CacheStore | undefined
  /** Never asks the server: whatever is not in the cache fails. */
  readonly only?: boolean | undefined
  /** Told whenever the cache answered. */
  readonly onUse?: ((use: CacheUse) => void) | undefined
  /** Told why the cache could not be written, or was found damaged. The call itself went well. */
  readonly onFailure?: ((failure: Failure) => void) | undefined
}

const longestSeconds = 30 * 24 * 60 * 60

/** Throws `WrongType`. */
export function requireCacheTypes(cache: CacheOptions | undefined): void {
  if (cache === undefined) return
  if (typeof cache !== "object" || cache === null) throw wrongType("cache", "an object", cache)
  const { keepFor, maxStale, onFailure, onUse, only, store } = cache
  if (typeof maxStale !== "number") throw wrongType("cache.maxStale", "a number of seconds", maxStale)
  if (keepFor !== undefined && typeof keepFor !== "number") throw wrongType("cache.keepFor", "a number", keepFor)
  if (only !== undefined && typeof only !== "boolean") throw wrongType("cache.only", "true or false", only)
  if (store !== undefined && typeof store?.update !== "function") throw wrongType("cache.store", "a store", store)
  requireFunction(onUse, "cache.onUse")
  requireFunction(onFailure, "cache.onFailure")
}

/** Throws `invalid_argument`. */
export function checkCacheNumbers(cache: CacheOptions | undefined): void {
  for (const seconds of [cache?.maxStale ?? 1, cache?.keepFor ?? 1]) {
    if (seconds > 0 && seconds <= longestSeconds) continue
    throw new HalfkeyError("invalid_argument", `cache.maxStale must be seconds, above 0 and up to ${longestSeconds}`)
  }
}
