/** The store on PostgreSQL: any number of replicas on one database. All that is particular to it is in `postgres/`. */
import type { Store } from "../domain/store.ts"
import { PostgresReader } from "./postgres/connection.ts"
import { type OpeningLog, prepareDatabase, waitForDatabase } from "./postgres/opening.ts"
import { createPool, type PostgresSettings } from "./postgres/pool.ts"
import { PostgresWriter } from "./postgres/writer.ts"
import { SqlStore } from "./sql-store.ts"

export interface PostgresStoreOptions {
  readonly settings: PostgresSettings
  readonly log: OpeningLog
}

/** Throws `unavailable`, `invalid_configuration`, `database_too_new`, `database_damaged`. */
export async function openPostgresStore({ settings, log }: PostgresStoreOptions): Promise<Store> {
  const client = await waitForDatabase(settings, log)
  try {
    await prepareDatabase(client)
  } finally {
    await client.end()
  }
  const pool = createPool(settings)
  const requireContact = () => {}
  const writer = new PostgresWriter(pool, requireContact)
  return new SqlStore(new PostgresReader(pool, requireContact), writer, () => pool.end())
}
