/** Records with their seeds, ready to be sent. What is stored under a record number never changes, so it is kept. */

import { toBase64Url } from "@halfkey/core/primitives/bytes"
import type { ReadResponse } from "@halfkey/core/wire/secrets"
import type { SecretRow } from "../../domain/rows.ts"
import type { VaultReader } from "../../domain/store.ts"
import type { KeysetState } from "../auth/workspace-state.ts"
import type { SeedMakers } from "../keys/seed-makers.ts"
import { RecentMap } from "../recent-map.ts"
import { timeText } from "../time-text.ts"

export type ReadRecord = ReadResponse["records"][number]

/** Characters of records that are kept, twice that at most. */
const charactersKept = 16 * 1024 * 1024
/** What an entry costs beside its record. */
const overhead = 1000

export class ReadRecords {
  readonly #store: VaultReader
  readonly #makers: SeedMakers
  readonly #kept = new RecentMap<number, ReadRecord>(charactersKept, ({ record }) => record.length + overhead)

  constructor(store: VaultReader, makers: SeedMakers) {
    this.#store = store
    this.#makers = makers
  }

  /** The caller may read this key set: `usableKeyset` has said so. */
  get(keyset: KeysetState, secret: SecretRow): ReadRecord | Promise<ReadRecord> {
    return this.#kept.get(secret.recordNumber) ?? this.#load(keyset, secret)
  }

  async #load(keyset: KeysetState, secret: SecretRow): Promise<ReadRecord> {
    const stored = await this.#store.record(secret.recordNumber)
    if (stored === undefined) throw new Error("a secret without its record")
    const maker = await this.#makers.get(keyset, stored.epoch)
    const record = {
      id: secret.id,
      name: secret.name,
      version: secret.version,
      deleted: secret.deleted,
      record: toBase64Url(stored.record),
      keySeed: toBase64Url(maker.seed(stored.keyId)),
      createdAt: timeText(secret.createdAt),
      updatedAt: timeText(secret.updatedAt),
    }
    this.#kept.set(secret.recordNumber, record)
    return record
  }
}
