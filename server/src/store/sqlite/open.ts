/** Opening a SQLite database: settings that are read back, checks that refuse, migrations that only go forward. */
import { renameSync, rmSync, statSync } from "node:fs"
import { basename, dirname } from "node:path"
import { HalfkeyError } from "@halfkey/core/formats/errors"
import Database from "better-sqlite3"
import { type Kysely, sql } from "kysely"
import { partialPath, removePartialFiles, syncDirectory, syncFile, writeNewFile } from "../../data-directory.ts"
import { type ColumnTypes, migrations } from "../migrations/migration.ts"
import { sqliteBuilder } from "./connection.ts"
import { isOutOfSpace } from "./out-of-space.ts"

/** "HLFK": tells our files from other SQLite databases. */
const applicationId = 0x484c464b

/** The schema that this version reads and writes. */
export const schemaVersion = migrations.length

/** Below this size the whole file is checked at start; above, only what opening touches. */
const checkedBytes = 64 * 1024 * 1024

const columnTypes: ColumnTypes = {
  text: "text",
  integer: "integer",
  bytes: "blob",
  serial: { type: "integer", define: (column) => column.primaryKey().autoIncrement() },
  byteOrder: sql`collate binary`,
  tableEnd: sql`strict`,
  clusteredEnd: sql`strict, without rowid`,
  refersForward: true,
}

/**
 * Opens with `journal_mode=WAL`, `synchronous=FULL`, `foreign_keys=ON` and `secure_delete=ON`, each read back. With these,
 * what is committed is on disk when the commit returns. Nothing is ever written outside the data directory: pages that a
 * savepoint keeps aside stay in memory instead of a file in TMPDIR. Throws `database_damaged` for what is no usable database.
 */
export function openSqlite(path: string): Database.Database {
  return explained(path, () => {
    const db = new Database(path, { timeout: 5000 })
    try {
      // First of all: the settings below would change a file that is somebody else's.
      requireOurs(db)
      requireSetting(db, "journal_mode", "wal")
      requireSetting(db, "synchronous", 2, "FULL")
      requireSetting(db, "foreign_keys", 1, "ON")
      // A key that is deleted must be gone from the file too, not only from what queries see (S5).
      requireSetting(db, "secure_delete", 1, "ON")
      requireSetting(db, "temp_store", 2, "MEMORY")
      db.pragma("cache_size = -8000")
      return db
    } catch (error) {
      db.close()
      throw error
    }
  })
}

function requireSetting(db: Database.Database, name: string, expected: string | number, written = expected): void {
  db.pragma(`${name} = ${written}`)
  const found = db.pragma(name, { simple: true })
  if (found === expected) return
  throw new HalfkeyError("invalid_configuration", `the database cannot be used with ${name}=${written}, got ${found}`, {
    hint: "keep the data directory on a local disk: network file systems often cannot do this",
  })
}

/** The schema version of a database of ours, or 0 for an empty one. Only reads. Throws `database_too_new`, `database_damaged`. */
export function schemaOf(db: Database.Database): number {
  return explained(db.name, () => requireOurs(db))
}

function requireOurs(db: Database.Database): number {
  const found = db.pragma("user_version", { simple: true }) as number
  const kind = db.pragma("application_id", { simple: true }) as number
  const isEmpty = db.prepare("select 1 from sqlite_schema limit 1").get() === undefined
  if (kind !== applicationId && !(isEmpty && kind === 0)) throw damaged(db.name, "it is another program's database")
  if (found <= schemaVersion) return found
  throw new HalfkeyError(
    "database_too_new",
    `the database ${db.name} has schema version ${found}, this server knows up to ${schemaVersion}`,
    { hint: "start the newer halfkey-server again, or restore a backup that was made before the update" },
  )
}

/** What a change of the schema did. */
export interface Migrated {
  readonly from: number
  readonly to: number
  /** The database as it was before; `undefined` where none was wanted. */
  readonly copy: string | undefined
}

/** What is on disk when each is reached; a test ends the process there. */
export type MigrationStep = "the copy" | "its place" | "one change"

export interface SchemaOptions {
  /** Whether a database of an earlier schema is kept as it was, beside it. */
  readonly keepsCopy: boolean
  readonly reached?: ((step: MigrationStep) => void) | undefined
}

/** Where the database of an earlier schema is kept. */
const copyOfSchema = (path: string, schema: number) => `${path}.schema-${schema}`

/**
 * Brings an opened database to this version's schema; what was there before is kept beside it, whole and on disk before
 * anything changes. Throws `database_too_new`, `database_damaged`, `storage_full`.
 */
export function prepareSchema(
  db: Database.Database,
  { keepsCopy, reached = () => {} }: SchemaOptions,
): Migrated | undefined {
  return explained(db.name, () => {
    const from = requireOurs(db)
    if (statSync(db.name).size <= checkedBytes) {
      const problem = db.pragma("quick_check(1)", { simple: true })
      if (problem !== "ok") throw damaged(db.name, `its check says: ${String(problem).slice(0, 200)}`)
    }
    const isOlder = from > 0 && from < schemaVersion
    const copy = isOlder && keepsCopy && isInUse(db) ? keepCopy(db, copyOfSchema(db.name, from), reached) : undefined
    for (let version = from; version < schemaVersion; version++) {
      migrate(db, version + 1)
      reached("one change")
    }
    return isOlder ? { from, to: schemaVersion, copy } : undefined
  })
}

/** A first start that was killed between two changes leaves tables and nothing in them, which nobody has to keep. */
function isInUse(db: Database.Database): boolean {
  return db.prepare("select 1 from server limit 1").get() !== undefined
}

function keepCopy(db: Database.Database, path: string, reached: (step: MigrationStep) => void): string {
  removePartialFiles(dirname(path), [basename(path)])
  const partial = partialPath(path)
  writeNewFile(partial)
  try {
    db.prepare("vacuum into ?").run(partial)
    syncFile(partial)
    reached("the copy")
    renameSync(partial, path)
    syncDirectory(dirname(path))
    reached("its place")
    return path
  } finally {
    rmSync(partial, { force: true })
  }
}

/** One transaction for each: after a crash the database has the old schema or the new one. */
function migrate(db: Database.Database, version: number): void {
  const statements = migrations[version - 1]?.(sqliteBuilder as unknown as Kysely<unknown>, columnTypes) ?? []
  db.transaction(() => {
    for (const statement of statements) db.exec(statement.compile().sql)
    db.pragma(`application_id = ${applicationId}`)
    db.pragma(`user_version = ${version}`)
  }).immediate()
}

/** Turns the driver's errors into ours. */
export function explained<T>(path: string, body: () => T): T {
  try {
    return body()
  } catch (error) {
    if (!(error instanceof Database.SqliteError)) throw error
    if (error.code === "SQLITE_NOTADB" || error.code.startsWith("SQLITE_CORRUPT")) throw damaged(path, error.message)
    if (error.code.startsWith("SQLITE_CANTOPEN") || error.code.startsWith("SQLITE_READONLY")) {
      throw new HalfkeyError("invalid_configuration", `the database ${path} cannot be opened: ${error.message}`, {
        hint: "check HALFKEY_DATA_DIR and HALFKEY_DATABASE_URL, and that this user may write there",
        cause: error,
      })
    }
    if (isOutOfSpace(error)) {
      throw new HalfkeyError("storage_full", `there is no room for the database ${path}`, {
        hint: "free some space on its disk, then start again",
        cause: error,
      })
    }
    if (error.code.startsWith("SQLITE_IOERR")) {
      throw new HalfkeyError("database_damaged", `the disk fails at the database ${path}: ${error.code}`, {
        hint: "look into the system's log; copy what can be read to another disk",
        cause: error,
      })
    }
    throw error
  }
}

function damaged(path: string, why: string): HalfkeyError {
  return new HalfkeyError("database_damaged", `the database ${path} cannot be read: ${why}`, {
    hint: "keep a copy of the file and restore a backup",
  })
}
