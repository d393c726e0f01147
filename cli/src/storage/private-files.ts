/** Files that only their owner may read, written so that a crash leaves the old file or the new one, never a part. */
import {
  accessSync,
  closeSync,
  constants,
  fstatSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs"
import { basename, dirname } from "node:path"
import { HalfkeyError } from "@halfkey/core/formats/errors"

/** Windows has no such bits: there the user's folder is private by its own rules. */
const hasModes = typeof process.getuid === "function"

/** Makes a directory 0700, with its parents; refuses one that others may write to. */
export function ensurePrivateDirectory(path: string): void {
  try {
    makeDirectories(path)
  } catch (error) {
    const { code = "unknown reason" } = error as NodeJS.ErrnoException
    throw new HalfkeyError("invalid_configuration", `the directory ${path} cannot be made: ${code}`, {
      hint: "permit it, or choose another place (HALFKEY_CONFIG_DIR, HALFKEY_DATA_DIR)",
      cause: error,
    })
  }
  const problem = directoryProblem(path)
  if (problem !== undefined) throw problem
}

/**
 * Makes a directory 0700 and what is missing above it. Not by `recursive` of `mkdirSync`: that never ends where nothing can be
 * made, such as in /proc.
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
    const isThere = (at: string) => statSync(at, { throwIfNoEntry: false })?.isDirectory() === true
    if (code === "EEXIST" && isThere(path)) return true
    if (code === "ENOENT" && !isThere(dirname(path))) return false
    throw error
  }
}

/** Why a directory must not hold keys, or `undefined`. Others who may read it see only the names of its files. */
export function directoryProblem(path: string): HalfkeyError | undefined {
  const { mode, uid } = statSync(path)
  if (!hasModes) return undefined
  if (!ownedByUs(uid)) return foreign(path)
  if ((mode & 0o022) === 0) return undefined
  return new HalfkeyError("invalid_configuration", `other users may write to ${path}, so its files cannot be trusted`, {
    hint: `chmod 700 ${path}`,
  })
}

/**
 * Reads a private file; `undefined` when it does not exist. Throws `invalid_configuration` when it belongs to somebody
 * else or when others may read or write it: then a key in it is no secret any more.
 */
export function readPrivateFile(path: string): string | undefined {
  return readPrivateBytes(path)?.toString("utf8")
}

/** As `readPrivateFile`, for what is no text. */
export function readPrivateBytes(path: string): Buffer | undefined {
  let descriptor: number
  try {
    descriptor = openSync(path, constants.O_RDONLY)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === "ENOENT" || code === "ENOTDIR") return undefined
    throw unreadable(path, code)
  }
  try {
    const { mode, uid } = fstatSync(descriptor)
    if (hasModes && !ownedByUs(uid)) throw foreign(path)
    if (hasModes && (mode & 0o077) !== 0) {
      const octal = (mode & 0o777).toString(8).padStart(4, "0")
      throw new HalfkeyError("invalid_configuration", `other users of this machine may read ${path} (mode ${octal})`, {
        hint: `chmod 600 ${path}\nreplace the client, if somebody may have read it`,
      })
    }
    return readFileSync(descriptor)
  } catch (error) {
    if (error instanceof HalfkeyError) throw error
    throw unreadable(path, (error as NodeJS.ErrnoException).code)
  } finally {
    closeSync(descriptor)
  }
}

/**
 * Replaces a file by one with mode 0600. Crash before the rename: the old file is there, and a `.name.…` beside it that
 * nobody reads. Crash after: the new one. With `durable`, it survives a power failure as soon as this returns.
 */
export function writePrivateFile(path: string, text: string, { durable = true } = {}): void {
  ensurePrivateDirectory(dirname(path))
  replaceByPrivateFile(path, text, { durable })
}

/** As `writePrivateFile`, in a directory that a person chose: it has to be there, and others may write to it. */
export function replaceByPrivateFile(path: string, content: string | Uint8Array, { durable = true } = {}): void {
  const directory = dirname(path)
  // Not from node:crypto, which takes `run` 3 ms to load; "wx" below is what keeps others' files out.
  const partial = `${directory}/.${basename(path)}.${process.pid}-${Math.random().toString(36).slice(2)}`
  try {
    const descriptor = openSync(partial, "wx", 0o600)
    try {
      writeFileSync(descriptor, content)
      if (durable) fsyncSync(descriptor)
    } finally {
      closeSync(descriptor)
    }
    renameSync(partial, path)
    if (durable) syncDirectory(directory)
  } catch (error) {
    rmSync(partial, { force: true })
    const { code } = error as NodeJS.ErrnoException
    throw new HalfkeyError("invalid_configuration", `${path} could not be written: ${code ?? "unknown reason"}`, {
      hint: "make room or permit it; nothing was changed",
      cause: error,
    })
  }
}

/** Throws `invalid_configuration` unless files can be made in a directory; makes it where it is missing. */
export function requireWritableDirectory(path: string): void {
  ensurePrivateDirectory(path)
  try {
    accessSync(path, constants.W_OK)
  } catch (error) {
    const { code = "unknown reason" } = error as NodeJS.ErrnoException
    throw new HalfkeyError("invalid_configuration", `${path} cannot be written: ${code}`, {
      hint: "permit it, or HALFKEY_CONFIG_DIR=<a directory of your own> with the same command",
      cause: error,
    })
  }
}

/** Why a place cannot be written to, where that is how it was set up: a read-only home. A full disk is another matter. */
export function readOnlyReason(error: unknown): string | undefined {
  for (const each of [error, (error as { cause?: unknown }).cause]) {
    const { code } = (each ?? {}) as { code?: string }
    if (code === "EROFS" || code === "EACCES" || code === "EPERM") return code
  }
  return undefined
}

function syncDirectory(path: string): void {
  if (!hasModes) return
  const descriptor = openSync(path, constants.O_RDONLY)
  try {
    fsyncSync(descriptor)
  } finally {
    closeSync(descriptor)
  }
}

/** root may use another user's files, as under `sudo`; nobody else may. */
function ownedByUs(uid: number): boolean {
  const own = process.getuid?.()
  return uid === own || own === 0
}

function foreign(path: string): HalfkeyError {
  return new HalfkeyError("invalid_configuration", `${path} belongs to another user`, {
    hint: "set HALFKEY_CONFIG_DIR to a directory of your own",
  })
}

function unreadable(path: string, code: string | undefined): HalfkeyError {
  return new HalfkeyError("invalid_configuration", `${path} could not be read: ${code ?? "unknown reason"}`, {
    hint: `ls -ld ${path}`,
  })
}
