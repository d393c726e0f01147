/** Sealing every kept version again under the newest epoch (S5), page by page, by any client that may read and write. */
import { HalfkeyError } from "@halfkey/core/formats/errors"
import { keyIdLength } from "@halfkey/core/formats/record"
import { fromBase64Url, toBase64Url } from "@halfkey/core/primitives/bytes"
import type { RandomSource } from "@halfkey/core/primitives/random"
import type { ResealRequest, ResealResponse, StaleRequest, StaleResponse } from "@halfkey/core/wire/rotation"
import { namesPerRequest, readAnswerBytes } from "@halfkey/core/wire/secrets"
import type { Answer, Caller, Counters } from "../../domain/caller.ts"
import type { StaleRow } from "../../domain/rows.ts"
import type { Store } from "../../domain/store.ts"
import type { Gate } from "../auth/gate.ts"
import type { KeysetState } from "../auth/workspace-state.ts"
import { bundleUnlessKnown } from "../keys/bundle.ts"
import { usableKeyset } from "../keys/keyset-access.ts"
import type { SeedMakers } from "../keys/seed-makers.ts"
import { readSentRecord } from "./sealed-records.ts"
import { nameAndVersion } from "./secret-names.ts"

export interface ResealsParts {
  readonly gate: Gate
  readonly store: Store
  readonly makers: SeedMakers
  readonly counters: Counters
  readonly random: RandomSource
}

export class Reseals {
  readonly #parts: ResealsParts

  constructor(parts: ResealsParts) {
    this.#parts = parts
  }

  /** Records of earlier epochs, each with the seed that opens it and a fresh one of the newest epoch. */
  stale(caller: Caller, request: StaleRequest): Promise<Answer<StaleResponse>> {
    const { gate, store, counters } = this.#parts
    return gate.decide(caller, "secret.stale", async (access) => {
      access.requireAny(["secret:read"])
      const keyset = await usableKeyset(access, store, request.environment, "read-write")
      const { id, epoch } = keyset.row
      const limit = request.limit ?? namesPerRequest
      const rows = await store.staleRecords(id, epoch, { after: cursorFrom(request.after), limit: limit + 1 })
      const page = await this.#page(keyset, rows, limit)
      const remaining = await store.countStaleRecords(id, epoch)
      const bundle = await bundleUnlessKnown(access, store, keyset, request.known)
      access.details.names = page.records.map(nameAndVersion)
      access.details.keyIds = page.records.map(({ newKeyId }) => newKeyId)
      await gate.append(access)
      counters.seedsReleased(2 * page.records.length)
      return { ...(bundle && { keyset: bundle }), epoch, ...page, remaining }
    })
  }

  /** Replaces records, all or none; what is of the newest epoch already counts as done. */
  reseal(caller: Caller, request: ResealRequest): Promise<Answer<ResealResponse>> {
    const { gate, store, counters } = this.#parts
    return gate.decide(caller, "secret.reseal", async (access) => {
      access.requireAny(["secret:read"])
      const { row: keyset } = await usableKeyset(access, store, request.environment, "read-write")
      access.details.names = request.writes.map(nameAndVersion)
      if (new Set(access.details.names).size !== request.writes.length) {
        throw new HalfkeyError("invalid_request", "the same version is named twice")
      }
      const writes = request.writes.map(({ name, version, previousHash: text, record }) => {
        const previousHash = fromBase64Url(text)
        if (previousHash === undefined) {
          throw new HalfkeyError("invalid_request", "a previousHash is not canonical base64url")
        }
        return { name, version, previousHash, ...readSentRecord(keyset, name, record) }
      })
      const outcome = await store.resealSecrets(access.guard(), { keysetId: keyset.id, epoch: keyset.epoch, writes })
      counters.recordsWritten(outcome.resealed)
      return outcome
    })
  }

  /** At most `limit` records, and no more than an answer should hold. */
  async #page(keyset: KeysetState, rows: readonly StaleRow[], limit: number) {
    const { makers, random } = this.#parts
    const newest = await makers.get(keyset, keyset.row.epoch)
    const records: StaleResponse["records"] = []
    let size = 0
    let last: StaleRow | undefined
    for (const row of rows) {
      if (records.length === limit || size > readAnswerBytes) {
        return { records, next: last === undefined ? null : `${last.epoch}.${last.recordNumber}` }
      }
      const { deleted, epoch, keyId, name, version } = row
      const record = toBase64Url(row.record)
      const newKeyId = random(keyIdLength)
      records.push({
        name,
        version,
        deleted,
        record,
        keySeed: toBase64Url((await makers.get(keyset, epoch)).seed(keyId)),
        newKeyId: toBase64Url(newKeyId),
        newKeySeed: toBase64Url(newest.seed(newKeyId)),
      })
      size += record.length
      last = row
    }
    return { records, next: null }
  }
}

/** `epoch.number` of the last record of a page; records are numbered from 1. */
function cursorFrom(text: string | undefined): { readonly epoch: number; readonly recordNumber: number } {
  const [epoch = 0, recordNumber = 0] = text?.split(".").map(Number) ?? []
  return { epoch, recordNumber }
}
