/** The store on SQLite: one file, one process, one writer. All that is particular to SQLite is in `sqlite/`. */
import type { KeysetId } from "@halfkey/core/formats/ids"
import type { SecretRow } from "../domain/rows.ts"
import type { Store } from "../domain/store.ts"
import type { OperationParameters } from "./operations/operations.ts"
import { SqlStore } from "./sql-store.ts"
import { SqliteConnection } from "./sqlite/connection.ts"
import { CurrentSecrets } from "./sqlite/current-secrets.ts"
import { type Migrated, openSqlite, prepareSchema } from "./sqlite/open.ts"
import { SqliteWriter, type WriterEvents } from "./sqlite/writer.ts"

export interface SqliteStoreOptions extends WriterEvents {
  readonly path: string
  /** Told when the database was of an earlier version, and is of this one now. */
  readonly onMigrated?: ((migrated: Migrated) => void) | undefined
}

/** Opens or makes the database. Throws `database_damaged`, `database_too_new`, `invalid_configuration`. */
export async function openSqliteStore({ path, onMigrated, ...events }: SqliteStoreOptions): Promise<Store> {
  const db = openSqlite(path)
  try {
    const migrated = prepareSchema(db, { keepsCopy: true })
    if (migrated !== undefined) onMigrated?.(migrated)
    db.pragma("query_only = 1")
    const writer = await SqliteWriter.start(path, events)
    return new SqliteStore(new SqliteConnection(db), writer, async () => {
      db.close()
    })
  } catch (error) {
    db.close()
    throw error
  }
}

interface Changing {
  readonly keysetId: KeysetId
  readonly writes: readonly { readonly name: string }[]
}

class SqliteStore extends SqlStore {
  readonly #current = new CurrentSecrets()

  override async currentSecrets(
    keysetId: KeysetId,
    names: readonly string[],
  ): Promise<readonly (SecretRow | undefined)[]> {
    const known = this.#current.get(keysetId, names)
    if (known !== undefined) return known
    const rows = await super.currentSecrets(keysetId, names)
    this.#current.add(keysetId, rows)
    return rows
  }

  override commitSecrets(...parameters: OperationParameters<"commitSecrets">) {
    return this.#changing(parameters[1], () => super.commitSecrets(...parameters))
  }

  override resealSecrets(...parameters: OperationParameters<"resealSecrets">) {
    return this.#changing(parameters[1], () => super.resealSecrets(...parameters))
  }

  async #changing<T>({ keysetId, writes }: Changing, change: () => Promise<T>): Promise<T> {
    this.#current.commitBegins(keysetId)
    try {
      return await change()
    } finally {
      this.#current.commitEnds(
        keysetId,
        writes.map(({ name }) => name),
      )
    }
  }
}
