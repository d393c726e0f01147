/** Records with their seeds, ready to be sent. What is stored under a record number never changes, so it is kept. */

import { toBase64Url } from "@halfkey/core/primitives/bytes"
import type { ReadResponse } from "@halfkey/core/wire/secrets"
import type { SecretRow } from "../../domain/rows.ts"
import { StaleStateError, type VaultReader } from "../../domain/store.ts"
import type { KeysetState } from "../auth/workspace-state.ts"
import type { SeedMakers } from "../keys/seed-makers.ts"
import { RecentMap } from "../recent-map.ts"
import { timeText } from "../time-text.ts"
import { nameAndVersion } from "./secret-names.ts"

/** A record as it is sent, and as the audit entry names it. */
export interface KeptRecord {
  readonly wire: ReadResponse["records"][number]
  /** `name@version`. */
  readonly auditName: string
}

/** Characters of records that are kept, twice that at most; the transport may keep as much beside them. */
const charactersKept = 8 * 1024 * 1024
/** What an entry costs beside its record. */
const overhead = 1000

export class ReadRecords {
  readonly #store: VaultReader
  readonly #makers: SeedMakers
  readonly #kept = new RecentMap<number, KeptRecord>(charactersKept, ({ wire }) => wire.record.length + overhead)

  constructor(store: VaultReader, makers: SeedMakers) {
    this.#store = store
    this.#makers = makers
  }

  /** The caller may read this key set: `usableKeyset` has said so. */
  get(keyset: KeysetState, secret: SecretRow): KeptRecord | Promise<KeptRecord> {
    return this.#kept.get(secret.recordNumber) ?? this.#load(keyset, secret)
  }

  /** Seeds of keys that were deleted must not live on here. */
  forget(): void {
    this.#kept.clear()
  }

  async #load(keyset: KeysetState, secret: SecretRow): Promise<KeptRecord> {
    const { recordNumber, stored } = await this.#stored(keyset, secret)
    const maker = await this.#makers.get(keyset, stored.epoch)
    const wire = {
      id: secret.id,
      name: secret.name,
      version: secret.version,
      deleted: secret.deleted,
      record: toBase64Url(stored.record),
      keySeed: toBase64Url(maker.seed(stored.keyId)),
      createdAt: timeText(secret.createdAt),
      updatedAt: timeText(secret.updatedAt),
    }
    const kept = { wire, auditName: nameAndVersion(secret) }
    this.#kept.set(recordNumber, kept)
    return kept
  }

  /** A rotation may replace the record while it is looked up (S5): the version is the same, under another number. */
  async #stored(keyset: KeysetState, secret: SecretRow) {
    const stored = await this.#store.record(secret.recordNumber)
    if (stored !== undefined) return { recordNumber: secret.recordNumber, stored }
    const again = await this.#store.secretVersion(keyset.row.id, secret.name, secret.version)
    const replaced = again && (await this.#store.record(again.recordNumber))
    // A second rotation within a moment: what this decision was made on is old by then.
    if (again === undefined || replaced === undefined) throw new StaleStateError()
    return { recordNumber: again.recordNumber, stored: replaced }
  }
}
