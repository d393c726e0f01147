/** The file that holds a root key, and the one beside it that holds the next while the database changes over (S11). */
import { existsSync, readFileSync, renameSync, rmSync, statSync } from "node:fs"
import { dirname } from "node:path"
import { HalfkeyError } from "@halfkey/core/formats/errors"
import { RootKey, rootKeyLength } from "@halfkey/core/key-service/root-key"
import { fromBase64Url, toBase64Url } from "@halfkey/core/primitives/bytes"
import { equalBytes } from "@halfkey/core/primitives/hash"
import type { RandomSource } from "@halfkey/core/primitives/random"
import { syncDirectory, writeDurably } from "../data-directory.ts"

const filePrefix = "hkrt1 "

export const keyFileExists = existsSync

/** The new key of a rotation waits here until the database is wrapped by it. */
export const nextKeyFile = (path: string) => `${path}.next`

/** Makes a key, and gives it when its file is on disk. Throws `storage_full`, `invalid_configuration`. */
export function newKeyFile(path: string, random: RandomSource): RootKey {
  const key = random(rootKeyLength)
  writeDurably(path, `${filePrefix}${toBase64Url(key)}\n`)
  return new RootKey(key)
}

/** Throws `invalid_configuration` for what is no key, or is `ours` and can be read by others. */
export function readKeyFile(path: string, ours: boolean): RootKey {
  // A file that an operator mounts from elsewhere may have a mode that only its system can change.
  if (ours && (statSync(path).mode & 0o077) !== 0) {
    throw new HalfkeyError("invalid_configuration", `the root key file ${path} can be read by others`, {
      hint: `run: chmod 600 ${path}`,
    })
  }
  const text = readSmallFile(path, "root key file")
  const bytes = text.startsWith(filePrefix) ? fromBase64Url(text.slice(filePrefix.length).trimEnd()) : undefined
  if (bytes?.length === rootKeyLength) return new RootKey(bytes.slice())
  throw new HalfkeyError("invalid_configuration", `the root key file ${path} is not one that halfkey-server wrote`, {
    hint: "restore the file from a backup; without it the database cannot be used",
  })
}

/** Throws `invalid_configuration` that names the file. */
export function readSmallFile(path: string, what: string): string {
  try {
    return readFileSync(path, "utf8")
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code ?? "unknown"
    throw new HalfkeyError("invalid_configuration", `the ${what} ${path} cannot be read (${code})`, {
      hint: "check the path and its permissions",
      cause,
    })
  }
}

/** The last step of a rotation: the new key takes the place of the old one. */
export function takeNextKeyFile(path: string): void {
  renameSync(nextKeyFile(path), path)
  syncDirectory(dirname(path))
}

/**
 * After a crash in a rotation there are two files: the one that the database names is right. `expectedId` is the database's,
 * 8 bytes; where neither file is the one, both stay. Only for whoever holds the data directory's lock.
 */
export function settleKeyFiles(path: string, expectedId: Uint8Array | undefined): void {
  const next = nextKeyFile(path)
  if (expectedId === undefined || !existsSync(next)) return
  const isExpected = (file: string) => existsSync(file) && equalBytes(readKeyFile(file, true).id, expectedId)
  if (isExpected(next)) takeNextKeyFile(path)
  else if (isExpected(path)) {
    rmSync(next)
    syncDirectory(dirname(path))
  }
}
