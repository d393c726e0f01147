/** Answers from the contents of a cache, for one call: nothing that is older than it may be, and nothing that is not there. */
import { ageText } from "@halfkey/core/formats/age-text"
import { HalfkeyError } from "@halfkey/core/formats/errors"
import { AnswerReader } from "../answer-reader.ts"
import type { ServedMetadata } from "../vault-answers.ts"
import type { CachedAnswers, ReadQuestion } from "./answers.ts"
import type { CacheContents, CachedSecret, Seen } from "./contents.ts"

const inWords = (ms: number) => ageText(Math.round(ms / 1000))

const onceMore = "the same command or call while the server can be reached"

export class AnswersFromContents implements CachedAnswers {
  readonly #contents: CacheContents
  readonly #environment: string
  /** Never behind a time that was seen before. */
  readonly #now: number
  readonly #maxStaleMs: number
  readonly #clockIsBehind: boolean
  readonly #secrets: ReadonlyMap<string, CachedSecret>
  readonly #versions: ReadonlyMap<string, number>
  #oldest: number | undefined

  constructor(contents: CacheContents, environment: string, now: number, latest: number, maxStaleMs: number) {
    this.#contents = contents
    this.#environment = environment
    this.#now = Math.max(now, latest)
    this.#clockIsBehind = now < latest
    this.#maxStaleMs = maxStaleMs
    this.#secrets = new Map(contents.secrets.map((secret) => [secret.name, secret]))
    this.#versions = new Map(contents.index?.items.map(({ name, version }) => [name, version]))
  }

  /** Of the oldest thing that an answer needed, in seconds. */
  get ageSeconds(): number {
    return Math.round((this.#now - (this.#oldest ?? this.#now)) / 1000)
  }

  get now(): number {
    return this.#now
  }

  read({ after, secrets }: ReadQuestion): AnswerReader {
    const names = secrets ?? this.#index().items.map(({ name }) => ({ name, version: undefined }))
    const found = after === undefined ? names.map(({ name, version }) => this.#secret(name, version, !secrets)) : []
    const records = found.flatMap(({ record }) => (record === null ? [] : [record]))
    const missing = found.filter(({ record }) => record === null).map(({ name }) => ({ name }))
    const keyset = this.#contents.keyset.bundle
    return new AnswerReader({ keyset, records, missing, rest: [], next: null }, "cache")
  }

  list(prefix = ""): ServedMetadata[] {
    return this.#index().items.filter(({ name }) => name.startsWith(prefix))
  }

  #index(): NonNullable<CacheContents["index"]> {
    const { index } = this.#contents
    if (index === null) throw this.#notCached("all secrets", "nothing has read all of them")
    return this.#young(index, "all secrets")
  }

  /** Of all, the version that the list names: another one would be no state that there ever was. */
  #secret(name: string, version: number | undefined, ofIndex: boolean): CachedSecret {
    const { index } = this.#contents
    const wanted = version ?? (ofIndex ? this.#versions.get(name) : undefined)
    const found = this.#secrets.get(name)
    if (found !== undefined && (wanted === undefined || found.record?.version === wanted))
      return this.#young(found, name)
    // Whoever read everything knows what is not there.
    if (wanted === undefined && index !== null && !this.#versions.has(name)) {
      return { ...this.#young(index, name), name, record: null }
    }
    throw this.#notCached(wanted === undefined ? name : `version ${wanted} of ${name}`, "it was not read")
  }

  #young<T extends Seen>(seen: T, what: string): T {
    const age = this.#now - seen.seenAt
    const limit = Math.min(seen.keepMs, this.#maxStaleMs)
    if (age > limit) {
      const behind = this.#clockIsBehind ? "; this machine's clock is behind the time that it had before" : ""
      throw new HalfkeyError(
        "cache_stale",
        `what is cached of ${what} in ${this.#environment} is ${inWords(age)} old, at most ${inWords(limit)} is allowed${behind}`,
        { hint: onceMore },
      )
    }
    if (this.#oldest === undefined || seen.seenAt < this.#oldest) this.#oldest = seen.seenAt
    return seen
  }

  #notCached(what: string, why: string): HalfkeyError {
    return new HalfkeyError("not_cached", `the cache does not hold ${what} of ${this.#environment}: ${why} lately`, {
      hint: onceMore,
    })
  }
}
