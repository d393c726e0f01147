/** Backup files on disk (S11): written so that a crash leaves none or a whole one; read only as a whole. */
import {
  closeSync,
  existsSync,
  fstatSync,
  fsyncSync,
  linkSync,
  openSync,
  readSync,
  renameSync,
  rmSync,
  writeSync,
} from "node:fs"
import { basename, dirname } from "node:path"
import { HalfkeyError } from "@halfkey/core/formats/errors"
import {
  BackupChunks,
  type BackupHeader,
  backupChecksumLength,
  backupChunkLengths,
  backupChunkOverhead,
  encodeBackupHeader,
  parseBackupHeader,
} from "@halfkey/core/key-service/backup"
import type { RootKey } from "@halfkey/core/key-service/root-key"
import { toHex } from "@halfkey/core/primitives/bytes"
import { equalBytes, runningSha256 } from "@halfkey/core/primitives/hash"
import { partialPath, removePartialFiles, syncDirectory } from "../data-directory.ts"

/** Told now and then: bytes that are done, of how many. */
export type Progress = (done: number, of: number) => void

export interface WrittenBackup {
  readonly bytes: number
  /** Of the whole file, as `sha256sum` shows it. */
  readonly sha256: string
}

/** Throws `invalid_argument` for a file that exists: no backup is written over another one. */
export function requireNewFile(path: string): void {
  if (!existsSync(path)) return
  throw new HalfkeyError("invalid_argument", `${path} exists already`, { hint: "name a file that does not exist yet" })
}

/** Seals all of the file `from` into a new one of mode 0600. `written` is called when its bytes are on disk, and not yet its name. */
export function writeBackup(
  { from, to, header, rootKey }: { from: string; to: string; header: BackupHeader; rootKey: RootKey },
  progress: Progress,
  written: () => void,
): WrittenBackup {
  const partial = partialPath(to)
  try {
    removePartialFiles(dirname(to), [basename(to)])
    const done = seal(from, partial, header, rootKey, progress)
    written()
    takePlace(partial, to)
    return done
  } catch (error) {
    throw explained(error, to)
  } finally {
    rmSync(partial, { force: true })
  }
}

function seal(from: string, to: string, header: BackupHeader, rootKey: RootKey, progress: Progress): WrittenBackup {
  const [source, target] = [openSync(from, "r"), openSync(to, "wx", 0o600)]
  const hash = runningSha256()
  let bytes = 0
  const put = (part: Uint8Array) => {
    for (let at = 0; at < part.length; ) at += writeSync(target, part, at)
    hash.update(part)
    bytes += part.length
  }
  try {
    const { size } = fstatSync(source)
    const headerBytes = encodeBackupHeader(header)
    const chunks = new BackupChunks(rootKey, headerBytes)
    put(headerBytes)
    let done = 0
    do {
      const chunk = readFully(source, done, Math.min(header.chunkLength, size - done))
      done += chunk.length
      put(chunks.seal(chunk, done === size))
      progress(done, size)
    } while (done < size)
    chunks.close()
    put(hash.soFar())
    fsyncSync(target)
    return { bytes, sha256: toHex(hash.soFar()) }
  } finally {
    closeSync(source)
    closeSync(target)
  }
}

/** Without ever replacing a file, where the file system has hard links. */
function takePlace(partial: string, to: string): void {
  try {
    linkSync(partial, to)
  } catch (error) {
    const { code = "" } = error as NodeJS.ErrnoException
    if (!["EPERM", "ENOTSUP", "EOPNOTSUPP", "ENOSYS", "EMLINK"].includes(code)) throw error
    requireNewFile(to)
    renameSync(partial, to)
  }
  syncDirectory(dirname(to))
}

/** A backup that is read: its header, which is not proved yet, and a way to all of the rest. */
export interface OpenBackup {
  readonly header: BackupHeader
  /**
   * Writes what is inside to a new file of mode 0600, on disk when this returns. Throws `backup_damaged`: then nothing of it
   * may be used.
   */
  extract(rootKey: RootKey, to: string, progress: Progress): void
  close(): void
}

/** Throws `invalid_argument` for a file that cannot be read, `backup_damaged` for one that is no backup. */
export function openBackup(path: string): OpenBackup {
  const source = openToRead(path)
  try {
    const { size } = fstatSync(source)
    const { header, bytes } = parseBackupHeader(readFully(source, 0, Math.min(size, 4096)))
    const body = { from: bytes.length, to: size - backupChecksumLength }
    return {
      header,
      extract: (rootKey, to, progress) =>
        extract({ path, source, header, headerBytes: bytes, body }, rootKey, to, progress),
      close: () => closeSync(source),
    }
  } catch (error) {
    closeSync(source)
    throw explained(error, path)
  }
}

interface Source {
  readonly path: string
  readonly source: number
  readonly header: BackupHeader
  readonly headerBytes: Uint8Array
  /** Of the chunks, in the file. */
  readonly body: { readonly from: number; readonly to: number }
}

function extract(file: Source, rootKey: RootKey, to: string, progress: Progress): void {
  const { path, source, header, headerBytes, body } = file
  const { count, last } = backupChunkLengths(body.to - body.from, header.chunkLength)
  const whole = header.chunkLength + backupChunkOverhead
  const chunks = new BackupChunks(rootKey, headerBytes)
  const hash = runningSha256()
  hash.update(headerBytes)
  const target = openSync(to, "wx", 0o600)
  try {
    let wrong: number | undefined
    for (let place = 0; place < count; place++) {
      const sealed = readFully(source, body.from + place * whole, place === count - 1 ? last : whole)
      hash.update(sealed)
      if (wrong !== undefined) continue
      const chunk = chunks.open(sealed, place === count - 1)
      if (chunk === undefined) wrong = place
      else for (let at = 0; at < chunk.length; ) at += writeSync(target, chunk, at)
      progress(body.from + place * whole + sealed.length, body.to)
    }
    const isWhole = equalBytes(hash.soFar(), readFully(source, body.to, backupChecksumLength))
    if (!isWhole) throw damaged(path, "its checksum is wrong: it was damaged after it was written")
    if (wrong !== undefined) {
      const why = `chunk ${wrong} of ${count} does not open with the key ${rootKey.fingerprint}`
      throw damaged(path, `${why}: somebody changed it on purpose, or wrote it with another key`)
    }
    fsyncSync(target)
  } catch (error) {
    throw explained(error, to)
  } finally {
    chunks.close()
    closeSync(target)
  }
}

function openToRead(path: string): number {
  try {
    return openSync(path, "r")
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code ?? "unknown"
    throw new HalfkeyError("invalid_argument", `the backup ${path} cannot be read (${code})`, {
      hint: "check the path and its permissions",
      cause,
    })
  }
}

function readFully(file: number, from: number, length: number): Uint8Array {
  const bytes = new Uint8Array(Math.max(0, length))
  for (let at = 0; at < bytes.length; ) {
    const read = readSync(file, bytes, at, bytes.length - at, from + at)
    if (read === 0) throw new HalfkeyError("backup_damaged", "the file became shorter while it was read")
    at += read
  }
  return bytes
}

function damaged(path: string, why: string): HalfkeyError {
  return new HalfkeyError("backup_damaged", `${path} is not usable: ${why}`, {
    hint: "nothing was changed; take another copy of it, or another backup",
  })
}

function explained(error: unknown, path: string): unknown {
  const { code } = error as NodeJS.ErrnoException
  if (code === "EEXIST") return new HalfkeyError("invalid_argument", `${path} exists already`, { cause: error })
  if (code === "ENOSPC" || code === "EDQUOT") {
    return new HalfkeyError("storage_full", `there is no room for ${path}`, {
      hint: "free some space on its disk, then run it again: nothing was changed",
      cause: error,
    })
  }
  if (code !== "EACCES" && code !== "ENOENT" && code !== "EROFS" && code !== "ENOTDIR") return error
  return new HalfkeyError("invalid_argument", `${path} cannot be written (${code})`, {
    hint: "check that its directory exists and that this user may write there",
    cause: error,
  })
}
