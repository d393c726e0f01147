/** The codes by which SQLite says that the disk is full. */
import Database from "better-sqlite3"

const codes = ["SQLITE_FULL", "SQLITE_IOERR_WRITE", "SQLITE_IOERR_SHMSIZE"]

export function isOutOfSpace(error: unknown): boolean {
  return error instanceof Database.SqliteError && codes.includes(error.code)
}
