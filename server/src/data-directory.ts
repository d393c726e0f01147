/** The data directory: made with 0700, locked by one server, its small files written so that a crash leaves old or new. */
import {
  chmodSync,
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs"
import { dirname, join } from "node:path"
import { HalfkeyError } from "@halfkey/core/formats/errors"
import Database from "better-sqlite3"

/** Makes the directory when it is missing. Throws `invalid_configuration`. */
export function makeDataDirectory(path: string): void {
  try {
    if (existsSync(path)) return
    mkdirSync(path, { recursive: true, mode: 0o700 })
    // The mode above is cut by the umask only, but parents that were made too keep it; this states it for the last.
    chmodSync(path, 0o700)
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code ?? "unknown"
    throw new HalfkeyError("invalid_configuration", `the data directory ${path} cannot be made (${code})`, {
      hint: "set HALFKEY_DATA_DIR to a directory that this user may write",
      cause,
    })
  }
}

/**
 * Holds `<data directory>/lock` until the returned function is called. The system gives the lock back when the process
 * ends in whatever way, so a crash leaves nothing to clean up. Throws `data_directory_in_use`.
 */
export function lockDataDirectory(path: string): () => void {
  let lock: Database.Database | undefined
  try {
    lock = new Database(join(path, "lock"), { timeout: 0 })
    lock.pragma("journal_mode = MEMORY")
    lock.exec("begin exclusive")
    return () => lock?.close()
  } catch (error) {
    lock?.close()
    if (error instanceof Database.SqliteError && error.code.startsWith("SQLITE_BUSY")) {
      throw new HalfkeyError("data_directory_in_use", `another halfkey-server uses ${path}`, {
        hint: "stop that one first, or set HALFKEY_DATA_DIR to another directory",
      })
    }
    throw new HalfkeyError("invalid_configuration", `the data directory ${path} cannot be locked`, {
      hint: "check that this user may write there and that the disk is not full",
      cause: error,
    })
  }
}

/** Writes a file of mode 0600 that is complete and on disk when this returns; a crash before leaves the old state. Throws `storage_full`. */
export function writeDurably(path: string, text: string): void {
  const partial = `${path}.${process.pid}.partial`
  try {
    rmSync(partial, { force: true })
    writeAndSync(partial, text)
    renameSync(partial, path)
    syncDirectory(dirname(path))
  } catch (cause) {
    rmSync(partial, { force: true })
    const { code = "unknown" } = cause as NodeJS.ErrnoException
    const isFull = code === "ENOSPC" || code === "EDQUOT"
    throw new HalfkeyError(isFull ? "storage_full" : "invalid_configuration", `${path} cannot be written (${code})`, {
      hint: isFull ? "free some space on its disk, then start again" : "check that this user may write there",
      cause,
    })
  }
}

/**
 * Removes what a crash between writing and renaming left in a directory: it may hold a key. Not what a process that runs is
 * writing just now.
 */
export function removePartialFiles(directory: string): void {
  for (const name of readdirSync(directory)) {
    const pid = /^(?:root\.key|root\.key\.next|setup-token)\.(\d+)\.partial$/.exec(name)?.[1]
    if (pid !== undefined && !isOtherProcess(Number(pid))) rmSync(join(directory, name), { force: true })
  }
}

function isOtherProcess(pid: number): boolean {
  if (pid === process.pid) return false
  try {
    return process.kill(pid, 0)
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM"
  }
}

function writeAndSync(path: string, text: string): void {
  const file = openSync(path, "wx", 0o600)
  try {
    // Not `writeSync`, which may write a part and say so.
    writeFileSync(file, text)
    fsyncSync(file)
  } finally {
    closeSync(file)
  }
}

/** A rename or a removal is on disk only when its directory is. */
export function syncDirectory(path: string): void {
  const directory = openSync(path, "r")
  try {
    fsyncSync(directory)
  } finally {
    closeSync(directory)
  }
}
