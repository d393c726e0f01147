/** What passes between calls and the cache. Types only: a call without a cache loads none of its code. */
import type { VerifiedKeyset } from "@halfkey/core/client/verified-keyset"
import type { AnswerReader } from "../answer-reader.ts"
import type { NameAndVersion, ServedMetadata } from "../vault-answers.ts"

/** Of one read: names, or a page of all behind `after`. */
export interface ReadQuestion {
  readonly secrets?: readonly NameAndVersion[] | undefined
  readonly after?: string | undefined
}

/** Answers as the server would, to be checked like the server's. */
export interface CachedAnswers {
  /** Throws `not_cached` and `cache_stale`. */
  read(question: ReadQuestion): AnswerReader
  list(prefix: string | undefined): ServedMetadata[]
}

/** A read whose answer passed its checks, or a list of all names, which nothing checks. */
export type Noted = NotedRead | { readonly listed: readonly ServedMetadata[] }

export interface NotedRead {
  readonly request: ReadQuestion
  readonly json: Readonly<Record<string, unknown>>
  readonly keyset: VerifiedKeyset
  /** The key set's documents as they came, with this answer or an earlier one; `undefined`: not kept. */
  readonly bundle: unknown
}
