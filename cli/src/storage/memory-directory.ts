/** Directories in memory (tmpfs), for what may not come to a disk. */
import {
  closeSync,
  constants,
  fstatSync,
  mkdtempSync,
  openSync,
  readdirSync,
  rmSync,
  statfsSync,
  writeSync,
} from "node:fs"
import { join } from "node:path"
import { HalfkeyError } from "@halfkey/core/formats/errors"
import type { Environment } from "../context.ts"

/** Of `statfs(2)`: tmpfs and ramfs. */
const memoryTypes: readonly number[] = [0x01021994, 0x858458f6]

/** Directories that may be in memory, best first. */
export function memoryCandidates(env: Environment): readonly string[] {
  return [...(env["XDG_RUNTIME_DIR"] ? [env["XDG_RUNTIME_DIR"]] : []), "/dev/shm"]
}

/** Whether what is written there stays in memory. */
export function isInMemory(path: string, typeOf = typeOfFileSystem): boolean {
  try {
    return memoryTypes.includes(typeOf(path))
  } catch {
    return false
  }
}

/** What a directory is for, and what else could be done where there is none. */
export interface Purpose {
  readonly prefix: string
  readonly what: string
  readonly otherwise: string
}

/** 0700, in the first candidate that is in memory. Throws where none is: values do not go to a disk. */
export function newDirectory(
  candidates: readonly string[],
  { prefix, what, otherwise }: Purpose,
  typeOf = typeOfFileSystem,
): string {
  for (const candidate of candidates) {
    try {
      if (isInMemory(candidate, typeOf)) return mkdtempSync(join(candidate, prefix))
    } catch {
      // Not ours to write to: the next one.
    }
  }
  throw new HalfkeyError("missing_configuration", `there is no directory in memory (tmpfs) for ${what}`, {
    hint: `${otherwise}, or XDG_RUNTIME_DIR with a directory on a tmpfs`,
  })
}

/** What an editor left beside the file goes too: swap files and backups hold the same. Follows no links. */
export function wipeDirectory(directory: string): void {
  try {
    for (const entry of readdirSync(directory, { withFileTypes: true })) {
      const path = join(directory, entry.name)
      if (entry.isDirectory()) wipeDirectory(path)
      else if (entry.isFile()) overwrite(path)
    }
  } catch {
    // Removing is what counts, and may still succeed.
  }
  rmSync(directory, { recursive: true, force: true })
}

/** With zeros. Follows no link. `inode`: unless it is another file. */
export function overwrite(path: string, inode?: number): void {
  const descriptor = openSync(path, constants.O_WRONLY | constants.O_NOFOLLOW)
  try {
    const { ino, size } = fstatSync(descriptor)
    if (inode !== undefined && ino !== inode) return
    const zeros = new Uint8Array(65_536)
    for (let left = size; left > 0; ) left -= writeSync(descriptor, zeros, 0, Math.min(left, zeros.length))
  } finally {
    closeSync(descriptor)
  }
}

function typeOfFileSystem(path: string): number {
  return statfsSync(path).type
}
