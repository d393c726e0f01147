/** The store on PostgreSQL: any number of replicas on one database. All that is particular to it is in `postgres/`. */
import { HalfkeyError } from "@halfkey/core/formats/errors"
import type { ChangeListener, SequencerEvents, Store } from "../domain/store.ts"
import { noContactNeeded, PostgresReader } from "./postgres/connection.ts"
import { Contact } from "./postgres/contact.ts"
import { lock, locks, tryLock } from "./postgres/locks.ts"
import { type OpeningLog, prepareDatabase, waitForDatabase } from "./postgres/opening.ts"
import { connectAlone, createPool, type PostgresSettings, patienceForLocks } from "./postgres/pool.ts"
import { Sequencing } from "./postgres/sequencing.ts"
import { PostgresWriter } from "./postgres/writer.ts"
import { SqlStore } from "./sql-store.ts"

export interface PostgresStoreOptions {
  readonly settings: PostgresSettings
  readonly log: OpeningLog
  /** Of a replica that serves; absent for a command that does one thing and ends. */
  readonly replica?: { readonly onFatal: (error: Error) => void; readonly sequencer: SequencerEvents } | undefined
  /** Only where no replica runs, and none starts meanwhile. */
  readonly isAlone?: boolean
}

/** Throws `unavailable`, `invalid_configuration`, `database_too_new`, `database_damaged`, `data_directory_in_use`. */
export async function openPostgresStore({ settings, log, replica, isAlone }: PostgresStoreOptions): Promise<Store> {
  const opened: (() => Promise<void>)[] = []
  try {
    const first = await waitForDatabase(settings, log)
    opened.push(() => first.end())
    await prepareDatabase(first)
    if (isAlone) await requireAlone(first)
    else await opened.pop()?.()
    const { pool, dropAll } = createPool(settings)
    opened.push(() => pool.end())
    const contact = replica && new Contact({ settings, log, onFatal: replica.onFatal, onLost: dropAll })
    opened.push(async () => contact?.stop())
    await contact?.start()
    const sequencing = replica && new Sequencing({ settings, log, ...replica.sequencer })
    opened.push(async () => sequencing?.stop())
    const reader = new PostgresReader(pool, contact ?? noContactNeeded)
    const writer = new PostgresWriter(pool, contact ?? noContactNeeded)
    const close = async () => {
      for (const each of opened.splice(0).reverse()) await each()
    }
    return new PostgresStore({ settings, contact, reader, writer, close })
  } catch (error) {
    for (const each of opened.reverse()) await each()
    throw error
  }
}

async function requireAlone(client: Parameters<typeof tryLock>[0]): Promise<void> {
  if (await tryLock(client, locks.running)) return
  throw new HalfkeyError("data_directory_in_use", "a halfkey-server runs on this database", {
    hint: "stop every replica, repeat this command, start them again: they would go on with the old root key",
  })
}

interface StoreParts {
  readonly settings: PostgresSettings
  readonly contact: Contact | undefined
  readonly reader: PostgresReader
  readonly writer: PostgresWriter
  readonly close: () => Promise<void>
}

class PostgresStore extends SqlStore {
  readonly #parts: StoreParts

  constructor(parts: StoreParts) {
    super(parts.reader, parts.writer, parts.close)
    this.#parts = parts
  }

  override async alone<T>(body: () => Promise<T>): Promise<T> {
    const client = await connectAlone(this.#parts.settings, { patience: patienceForLocks })
    try {
      await client.query("set statement_timeout = 0; set lock_timeout = 0")
      await lock(client, locks.start)
      return await body()
    } finally {
      await client.end()
    }
  }

  follow(listener: ChangeListener): void {
    this.#parts.contact?.follow(listener)
  }
}
