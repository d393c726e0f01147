/** The encrypted cache of one client (S14): written after reads that passed, served while the server cannot be reached. */
import { openCache, sealCache } from "@halfkey/core/client/cache-file"
import type { ClientIdentity } from "@halfkey/core/client/client-identity"
import { HalfkeyError } from "@halfkey/core/formats/errors"
import { isKeysetId } from "@halfkey/core/formats/ids"
import type { RandomSource } from "@halfkey/core/primitives/random"
import type { CallScope } from "../call-scope.ts"
import { toFailure } from "../failure.ts"
import type { Floors } from "../floors.ts"
import type { CacheFloor } from "../stores.ts"
import type { Noted } from "./answers.ts"
import { AnswersFromContents } from "./cached-answers.ts"
import { type CacheContents, decodeContents, encodeContents, mergedContents } from "./contents.ts"
import { cacheKey, cachePrefix } from "./keys.ts"
import { memoryCache } from "./memory-cache.ts"
import type { CacheOptions, CacheStore } from "./options.ts"
import { deletedBy } from "./refusals.ts"

/** A larger cache is not written: nobody keeps so many secrets in one environment. */
const fileMaxBytes = 16 * 1024 * 1024
/** Most that a cache may look older than it is, so that not every read writes. */
const refreshMaxMs = 60_000
const touchMs = 1000

export interface OfflineCacheParts {
  readonly endpoint: string
  readonly identity: ClientIdentity
  readonly floors: Floors
  readonly random: RandomSource
  readonly now: () => number
}

export class OfflineCache {
  readonly #options: CacheOptions
  readonly #parts: OfflineCacheParts
  readonly #store: CacheStore
  /** What was written last, so that a busy program does not read its own file again. */
  readonly #written = new Map<string, CacheContents>()

  constructor(options: CacheOptions, parts: OfflineCacheParts) {
    this.#options = options
    this.#parts = parts
    this.#store = options.store ?? memoryCache()
  }

  /** Keeps what a call saw, all checks passed. Fails no call. */
  async remember(environment: string, noted: readonly Noted[]): Promise<void> {
    if (noted.length === 0) return
    const key = this.#key(environment)
    const { keepFor, maxStale } = this.#options
    const now = this.#parts.now()
    const how = { keepMs: (keepFor ?? maxStale) * 1000, now, refreshMs: Math.min(refreshMaxMs, maxStale * 100) }
    const held = this.#written.get(key)
    if (held !== undefined && mergedContents(held, noted, { ...how, sequence: 0 }) === undefined) return
    await this.#quietly(async () => {
      const floor = this.#floor(key)
      await this.#write(environment, (stored) => {
        const sequence = Math.max(stored?.sequence ?? 0, floor?.sequence ?? 0) + 1
        return mergedContents(stored, noted, { ...how, sequence })
      })
    })
  }

  /**
   * Runs reads on what is cached instead of the server, with every check of an answer. `why`: what the server failed with. Throws
   * `cache_damaged` (exit 7), else what the server failed with, or `not_cached` and `cache_stale` where it was not asked.
   */
  async serve<T>(scope: CallScope, environment: string, work: () => Promise<T>, why?: HalfkeyError): Promise<T> {
    const answers = await this.#open(environment).catch((error) => {
      throw explained(error, environment, why)
    })
    scope.cached = answers
    scope.noted = undefined
    try {
      const result = await work()
      await this.#used(environment, answers, why)
      return result
    } catch (error) {
      // What is not there is an answer, too.
      if (error instanceof HalfkeyError && error.code === "secret_not_found") {
        await this.#used(environment, answers, why)
        throw error
      }
      throw explained(error, environment, why)
    }
  }

  /** Deletes what a refusal leaves no right to. */
  async failed(error: unknown, environment: string | undefined): Promise<void> {
    const scope = error instanceof HalfkeyError ? deletedBy(error.code) : undefined
    if (scope === "client") await this.#remove([undefined])
    else if (scope === "environment" && environment !== undefined) await this.#remove(this.#spellings(environment))
  }

  async #open(environment: string): Promise<AnswersFromContents> {
    const key = this.#key(environment)
    const file = await this.#store.load(key).catch((error) => {
      if (error instanceof HalfkeyError) throw error
      throw new HalfkeyError("not_cached", "the cache cannot be read", { hint: "check its place and permissions" })
    })
    if (file === undefined) {
      throw new HalfkeyError("not_cached", `nothing of ${environment} is in the cache of this client`, {
        hint: "read it once with the cache switched on (`--max-stale 12h`, `cache`) while the server can be reached",
      })
    }
    const contents = this.#contents(environment, file)
    const floor = this.#floor(key)
    if (floor !== undefined && contents.sequence < floor.sequence) {
      throw damaged(environment, "it is an older copy: this machine has written a newer one, or deleted it")
    }
    const seen = floor?.sequence === contents.sequence ? floor.time : 0
    const { maxStale } = this.#options
    const latest = Math.max(contents.latest, seen)
    return new AnswersFromContents(contents, environment, this.#parts.now(), latest, maxStale * 1000)
  }

  /** Notes how late it is, so that the clock cannot be set back behind it, and tells the program. */
  async #used(environment: string, answers: AnswersFromContents, why: HalfkeyError | undefined): Promise<void> {
    await this.#quietly(async () => {
      await this.#write(environment, (stored) => {
        if (stored === undefined || answers.now < stored.latest + touchMs) return undefined
        return { ...stored, sequence: stored.sequence + 1, latest: answers.now }
      })
    })
    const failure = why && toFailure(why)
    this.#tell(() => this.#options.onUse?.({ environment, ageSeconds: answers.ageSeconds, failure }))
  }

  async #write(environment: string, change: (stored: CacheContents | undefined) => CacheContents | undefined) {
    const { identity, random } = this.#parts
    const key = this.#key(environment)
    let written: CacheContents | undefined
    await this.#store.update(key, (file) => {
      written = change(file && this.#readable(environment, key, file))
      if (written === undefined) return undefined
      const sealed = sealCache(this.#place(environment), encodeContents(written), identity, random)
      if (sealed.length <= fileMaxBytes) return sealed
      throw new HalfkeyError("value_too_large", `${environment} is too large for the cache: ${sealed.length} bytes`)
    })
    if (written === undefined) return
    this.#written.set(key, written)
    await this.#parts.floors.saveCaches(new Map([[key, { sequence: written.sequence, time: written.latest }]]))
  }

  /** A file that does not open is told, and replaced. */
  #readable(environment: string, key: string, file: Uint8Array): CacheContents | undefined {
    try {
      const contents = this.#contents(environment, file)
      if (contents.sequence >= (this.#floor(key)?.sequence ?? 0)) return contents
      throw damaged(environment, "it is an older copy of what this machine has written")
    } catch (error) {
      this.#tell(() => this.#options.onFailure?.(toFailure(error)))
      return undefined
    }
  }

  #contents(environment: string, file: Uint8Array): CacheContents {
    const bytes = openCache(this.#place(environment), file, this.#parts.identity)
    if (bytes === undefined) {
      throw damaged(environment, "this client did not write it like this, here and for this environment and server")
    }
    return decodeContents(bytes)
  }

  /** Copies that come back later are below what is remembered. */
  async #remove(environments: readonly (string | undefined)[]): Promise<void> {
    const { clientId, workspaceId } = this.#parts.identity
    for (const environment of environments) {
      const prefix = cachePrefix(workspaceId, clientId, environment)
      for (const key of this.#written.keys()) if (key.startsWith(prefix)) this.#written.delete(key)
      // First, and whether or not the files can be removed.
      await this.#quietly(async () => {
        const floors = [...this.#parts.floors.cachesOf(prefix)]
        const above = floors.map(([key, floor]): [string, CacheFloor] => [
          key,
          { ...floor, sequence: floor.sequence + 1 },
        ])
        if (above.length > 0) await this.#parts.floors.saveCaches(new Map(above))
      })
      await this.#quietly(() => this.#store.remove(prefix))
    }
  }

  async #quietly(work: () => Promise<void>): Promise<void> {
    try {
      await work()
    } catch (error) {
      this.#tell(() => this.#options.onFailure?.(toFailure(error)))
    }
  }

  /** What was thrown by functions of the program is the program's: it ends where errors of timers end, and fails no read. */
  #tell(call: () => void): void {
    try {
      call()
    } catch (error) {
      queueMicrotask(() => {
        throw error
      })
    }
  }

  /** An environment may be asked for by name and by id. */
  #spellings(environment: string): string[] {
    const { floors } = this.#parts
    const other = isKeysetId(environment)
      ? floors.documents().keysets.get(environment)?.name
      : floors.keysetIdOf(environment)
    return other === undefined ? [environment] : [environment, other]
  }

  #place(environment: string) {
    return { endpoint: this.#parts.endpoint, environment }
  }

  #key(environment: string): string {
    const { endpoint, identity } = this.#parts
    return cacheKey(identity.workspaceId, identity.clientId, environment, endpoint)
  }

  #floor(key: string): CacheFloor | undefined {
    return this.#parts.floors.cachesOf(key).get(key)
  }
}

function damaged(environment: string, why: string): HalfkeyError {
  return new HalfkeyError("cache_damaged", `the cache of ${environment} is not usable: ${why}`, {
    hint: "a read that reaches the server writes it anew; find out who changed it",
  })
}

/** Where the server was asked, its failure counts; what the cache lacks is told with it. */
function explained(error: unknown, environment: string, why: HalfkeyError | undefined): unknown {
  if (!(error instanceof HalfkeyError)) return error
  const told =
    error.check === "freshness"
      ? new HalfkeyError(
          "cache_stale",
          `what is cached of ${environment} is older than what this machine has seen since`,
          {
            hint: "read it once while the server can be reached",
          },
        )
      : error
  const isLack = told.code === "not_cached" || told.code === "cache_stale"
  if (why === undefined || !isLack) return told
  return new HalfkeyError(why.code, `${why.message}; ${told.message}`, { hint: why.hint, facts: why.facts })
}
