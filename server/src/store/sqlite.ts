/** The store on SQLite: one file, one process, one writer. All that is particular to SQLite is in `sqlite/`. */
import type { Store } from "../domain/store.ts"
import { SqlStore } from "./sql-store.ts"
import { SqliteConnection } from "./sqlite/connection.ts"
import { openSqlite, prepareSchema } from "./sqlite/open.ts"
import { SqliteWriter } from "./sqlite/writer.ts"

export interface SqliteStoreOptions {
  readonly path: string
  /** Called when nobody can know any more what is on disk: the process must end. */
  readonly onFatal: (error: Error) => void
}

/** Opens or makes the database. Throws `database_damaged`, `database_too_new`, `invalid_configuration`. */
export async function openSqliteStore({ path, onFatal }: SqliteStoreOptions): Promise<Store> {
  const db = openSqlite(path)
  try {
    prepareSchema(db)
    db.pragma("query_only = 1")
    const writer = await SqliteWriter.start(path, onFatal)
    return new SqlStore(new SqliteConnection(db), writer, async () => {
      db.close()
    })
  } catch (error) {
    db.close()
    throw error
  }
}
