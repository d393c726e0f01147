/** The store that the configuration names. What PostgreSQL needs is loaded only where it is used. */
import type { Config } from "./config.ts"
import type { SequencerEvents, Store } from "./domain/store.ts"
import { openSqliteStore } from "./store/sqlite.ts"

/** Told while a start waits for its database, and when contact is lost. */
interface Log {
  warn(facts: object, message: string): void
  info(facts: object, message: string): void
}

export interface OpenStoreOptions {
  readonly config: Pick<Config, "databasePath" | "postgres">
  readonly log: Log
  readonly onFatal: (error: Error) => void
  /** Of a server; absent for a command, which leaves audit logs to the server. */
  readonly sequencer?: SequencerEvents
  /** Only where no server runs on this database. On SQLite the lock of the data directory says so. */
  readonly isAlone?: boolean
}

export async function openStore({
  config,
  isAlone = false,
  log,
  onFatal,
  sequencer,
}: OpenStoreOptions): Promise<Store> {
  const { databasePath: path, postgres: settings } = config
  if (settings === undefined) {
    const onMigrated = (facts: object) =>
      log.warn(facts, "the database was brought to this version; the one before is kept")
    return openSqliteStore({ path, onFatal, sequencer, onMigrated })
  }
  const { openPostgresStore } = await import("./store/postgres.ts")
  return openPostgresStore({ settings, log, isAlone, replica: sequencer && { onFatal, sequencer } })
}
