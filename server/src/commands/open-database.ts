/** The database for a command that does one thing to it and ends. */
import { existsSync } from "node:fs"
import { HalfkeyError } from "@halfkey/core/formats/errors"
import type { Config } from "../config.ts"
import { lockDataDirectory } from "../data-directory.ts"
import type { Store } from "../domain/store.ts"
import { openStore } from "../open-store.ts"

/** What a command may use of its surroundings. */
export interface CommandParts {
  readonly config: Config
  /** Called when what is on disk is not known any more: the process must end. */
  readonly onFatal: (error: Error) => void
}

/**
 * Closes it in any case: all that was written is in the file then. `isAlone`: no server runs on it meanwhile. Throws `missing_configuration` where there is none.
 */
export async function withDatabase<T>(
  { config, onFatal }: CommandParts,
  body: (store: Store) => Promise<T>,
  isAlone = false,
): Promise<T> {
  requireDatabase(config)
  const store = await openStore({ config, log: silent, onFatal, isAlone })
  try {
    return await body(store)
  } finally {
    await store.close()
  }
}

const silent = { warn: () => {}, info: () => {} }

/** Opening would make one; a database of PostgreSQL is made by its operator. Throws `missing_configuration`. */
export function requireDatabase({ databasePath: path, postgres }: Config): void {
  if (postgres !== undefined || existsSync(path)) return
  throw new HalfkeyError("missing_configuration", `there is no database ${path}`, {
    hint: "start halfkey-server once, or set HALFKEY_DATA_DIR to where its database is",
  })
}

/** For a command that works on the file of SQLite. Throws `invalid_configuration`. */
export function requireSqlite({ postgres }: Config): void {
  if (postgres === undefined) return
  throw new HalfkeyError(
    "invalid_configuration",
    "this command is for SQLite, and HALFKEY_DATABASE_URL names PostgreSQL",
    {
      hint: "PostgreSQL is backed up by its own means: pg_dump; keep the root key apart from what it writes",
    },
  )
}

/** For a command that needs a stopped server; `hint` says what to do about one that runs. Throws `data_directory_in_use`. */
export function lockStopped(directory: string, hint: string): () => void {
  try {
    return lockDataDirectory(directory)
  } catch (error) {
    if (!(error instanceof HalfkeyError) || error.code !== "data_directory_in_use") throw error
    throw new HalfkeyError("data_directory_in_use", `a halfkey-server runs on ${directory}`, { hint, cause: error })
  }
}
