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
  statSync,
  writeFileSync,
} from "node:fs"
import { dirname, join } from "node:path"
import { HalfkeyError } from "@halfkey/core/formats/errors"
import Database from "better-sqlite3"

/**
 * Makes the directory when it is missing, and refuses one where others could put files of theirs. Throws
 * `invalid_configuration`. Returns what the operator should be warned of.
 */
export function prepareDataDirectory(path: string, allowShared: boolean): string | undefined {
  try {
    if (!existsSync(path)) {
      makeDirectories(path)
      // The umask may have taken too much; this states it.
      chmodSync(path, 0o700)
      return undefined
    }
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code ?? "unknown"
    throw new HalfkeyError("invalid_configuration", `the data directory ${path} cannot be made (${code})`, {
      hint: "set HALFKEY_DATA_DIR to a directory that this user may write",
      cause,
    })
  }
  // Windows has no such bits: there the folder is private by its own rules.
  if (process.getuid === undefined || process.getgroups === undefined) return undefined
  const user = { uid: process.getuid(), groups: new Set(process.getgroups()) }
  const { isShared, problem } = judgeDirectory(statSync(path), user)
  if (problem !== undefined && !(isShared && allowShared)) {
    throw new HalfkeyError("invalid_configuration", `the data directory ${path} is not safe: ${problem}`, {
      hint: isShared
        ? `chmod 700 ${path}, or HALFKEY_ALLOW_SHARED_DATA_DIR=1 if that group may read and change everything`
        : `chmod 700 ${path}, and chown it to the user of this server`,
    })
  }
  return isShared ? `the data directory ${path} may be written by its group` : undefined
}

export interface DirectoryUser {
  readonly uid: number
  readonly groups: ReadonlySet<number>
}

/**
 * Whoever may write to the directory can replace the database, and take the setup token's place. So it belongs to the server's user
 * or to root, and nobody else may write to it, but for one case that Kubernetes makes: with `fsGroup`, a volume belongs to root
 * and to a group that the server is in, which may write, with setgid.
 */
export function judgeDirectory(
  { uid, gid, mode }: { readonly uid: number; readonly gid: number; readonly mode: number },
  user: DirectoryUser,
): { readonly isShared: boolean; readonly problem?: string } {
  if (uid !== user.uid && uid !== 0 && user.uid !== 0) {
    return { isShared: false, problem: `it belongs to another user, number ${uid}` }
  }
  if ((mode & 0o002) !== 0) return { isShared: false, problem: "every user of this machine may write to it" }
  if ((mode & 0o020) === 0) return { isShared: false }
  if ((mode & 0o2000) !== 0 && user.groups.has(gid)) return { isShared: true }
  return { isShared: true, problem: `its group, number ${gid}, may write to it` }
}

/**
 * With what is missing above it. Not by `recursive` of `mkdirSync`: that never ends where nothing can be made, such as in
 * /proc.
 */
function makeDirectories(path: string): void {
  if (makeDirectory(path)) return
  makeDirectories(dirname(path))
  makeDirectory(path)
}

/** `false` where the one above it is missing, too. */
function makeDirectory(path: string): boolean {
  try {
    mkdirSync(path, { mode: 0o700 })
    return true
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === "EEXIST" && existsSync(path)) return true
    if (code === "ENOENT" && !existsSync(dirname(path))) return false
    throw error
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
  const partial = partialPath(path)
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

const ownFiles: readonly string[] = ["root.key", "root.key.next", "setup-token", "backup", "restored", "migrated"]

/** Where a file is written before it takes its place: what a crash leaves there is found again by its name. */
export const partialPath = (path: string) => `${path}.${process.pid}.partial`

/**
 * Removes what a crash between writing and renaming left in a directory: it may hold a key. Not what a process that runs is
 * writing just now.
 */
export function removePartialFiles(directory: string, names = ownFiles): void {
  for (const name of readdirSync(directory)) {
    const [, file, pid] = /^(.+)\.(\d+)\.partial(?:-wal|-shm|-journal)?$/.exec(name) ?? []
    if (file === undefined || !names.includes(file)) continue
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

/** An empty one of mode 0600. Throws where there is a file already. */
export function writeNewFile(path: string): void {
  closeSync(openSync(path, "wx", 0o600))
}

/** Of what another part of the program has written. */
export function syncFile(path: string): void {
  const file = openSync(path, "r+")
  try {
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
