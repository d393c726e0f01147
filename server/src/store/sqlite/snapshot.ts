/** One state of a SQLite database, while others may write to it: copied into a file, or read. */
import { HalfkeyError } from "@halfkey/core/formats/errors"
import type Database from "better-sqlite3"
import { writeNewFile } from "../../data-directory.ts"
import type { ServerRow } from "../../domain/rows.ts"
import type { Reader } from "../query.ts"
import { SqliteConnection } from "./connection.ts"
import {
  explained,
  type Migrated,
  openSqlite,
  prepareSchema,
  type SchemaOptions,
  schemaOf,
  schemaVersion,
} from "./open.ts"

/** Copies it to a file that must not exist, which gets mode 0600. Nothing waits: not this, and not who writes meanwhile. */
export function copySqlite(path: string, to: string): void {
  writeNewFile(to)
  const db = openSqlite(path)
  try {
    explained(to, () => db.prepare("vacuum into ?").run(to))
  } finally {
    db.close()
  }
}

/** Brings a database that nobody else uses to this version's schema. Afterwards all of it is in the one file. Throws as `prepareSchema`. */
export function upgradeSqlite(path: string, options: SchemaOptions): Migrated | undefined {
  const db = openSqlite(path)
  try {
    return prepareSchema(db, options)
  } finally {
    db.close()
  }
}

/** Everything of a database that nobody else uses is in the one file then. Throws `database_damaged` where it cannot be read. */
export function foldLog(path: string): void {
  const db = openSqlite(path)
  try {
    explained(path, () => db.pragma("wal_checkpoint(TRUNCATE)"))
  } finally {
    db.close()
  }
}

/** What a database of any schema says of itself; `server` is `undefined` for one that no server has started with yet. */
export function serverInFile(path: string): { readonly schema: number; readonly server: ServerRow | undefined } {
  const db = openSqlite(path)
  try {
    const schema = schemaOf(db)
    const row = schema === 0 ? undefined : explained(path, () => db.prepare("select * from server").get())
    return { schema, server: row === undefined ? undefined : serverRow(row as Record<string, unknown>) }
  } finally {
    db.close()
  }
}

/** Earlier schemas do not have every column. */
function serverRow(row: Record<string, unknown>): ServerRow {
  return {
    rootKeyId: row["root_key_id"] as Uint8Array,
    rootKeyDerivation: (row["root_key_derivation"] as string | null | undefined) ?? null,
    createdAt: Number(row["created_at"]),
  }
}

export interface Snapshot {
  readonly reader: Reader
  /** What SQLite itself finds wrong, in its words; empty when it is sound. */
  readonly damage: readonly string[]
  /** Rows that refer to rows that are not there. */
  readonly danglingReferences: readonly string[]
}

/** Reads one state of a database of this version's schema. Throws `invalid_configuration` for an older one, `database_damaged`. */
export async function readSqlite<T>(path: string, body: (snapshot: Snapshot) => Promise<T>): Promise<T> {
  const db = openSqlite(path)
  try {
    const schema = schemaOf(db)
    if (schema !== schemaVersion) {
      throw new HalfkeyError(
        "invalid_configuration",
        `the database ${path} has schema ${schema}, of an earlier version`,
        {
          hint: "bring it to this version's: halfkey-server migrate",
        },
      )
    }
    db.pragma("query_only = 1")
    db.exec("begin")
    return await body({ reader: new SqliteConnection(db), ...explained(path, () => problemsOf(db)) })
  } finally {
    db.close()
  }
}

function problemsOf(db: Database.Database): Pick<Snapshot, "damage" | "danglingReferences"> {
  const lines = db.prepare("pragma integrity_check(20)").pluck().all() as string[]
  const rows = db.pragma("foreign_key_check") as { table: string; rowid: number | null; parent: string }[]
  return {
    damage: lines.filter((line) => line !== "ok"),
    danglingReferences: rows.map(({ table, rowid, parent }) => `${table}, row ${rowid ?? "?"}: nothing in ${parent}`),
  }
}
