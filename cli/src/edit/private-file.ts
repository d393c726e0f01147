/** A file that an editor may work on: in memory (tmpfs), readable by its owner only, and overwritten whatever happens. */
import {
  closeSync,
  constants,
  fstatSync,
  mkdtempSync,
  openSync,
  readdirSync,
  rmSync,
  statfsSync,
  writeFileSync,
  writeSync,
} from "node:fs"
import { constants as system } from "node:os"
import { join } from "node:path"
import { HalfkeyError } from "@halfkey/core/formats/errors"
import type { Environment } from "../context.ts"
import { readFileBounded } from "../streams.ts"

/** Of `statfs(2)`: tmpfs and ramfs. */
const memoryTypes: readonly number[] = [0x01021994, 0x858458f6]

/** Most bytes that are read back: an environment's worth of values. */
const contentMax = 64 * 1024 * 1024

/** Directories that may be in memory, best first. */
export function memoryCandidates(env: Environment): readonly string[] {
  return [...(env["XDG_RUNTIME_DIR"] ? [env["XDG_RUNTIME_DIR"]] : []), "/dev/shm"]
}

/**
 * Lets `edit` work on the content, by the file's path, and resolves to what it then is. Also when that fails, and when a signal
 * ends this process, every file of its directory is overwritten and removed.
 */
export async function editPrivately(
  candidates: readonly string[],
  file: { readonly name: string; readonly content: Uint8Array },
  edit: (path: string, onSignal: (stop: (signal: NodeJS.Signals) => void) => void) => Promise<void>,
): Promise<Uint8Array> {
  const directory = newDirectory(candidates)
  const path = join(directory, file.name)
  const wipe = () => wipeDirectory(directory)
  let stop: (signal: NodeJS.Signals) => void = () => {}
  const signals = (["SIGTERM", "SIGHUP", "SIGINT", "SIGQUIT"] as const).map((signal) => {
    const handler = () => {
      // A terminal sends these to the editor as well, and that decides what they mean.
      if (process.stdin.isTTY && (signal === "SIGINT" || signal === "SIGQUIT")) return
      stop(signal)
      process.exit(128 + system.signals[signal])
    }
    return [signal, handler] as const
  })
  for (const [signal, handler] of signals) process.on(signal, handler)
  process.on("exit", wipe)
  try {
    writeFileSync(path, file.content, { mode: 0o600, flag: "wx" })
    await edit(path, (stopper) => {
      stop = stopper
    })
    return readFileBounded(path, contentMax)
  } finally {
    wipe()
    process.off("exit", wipe)
    for (const [signal, handler] of signals) process.off(signal, handler)
  }
}

/** 0700, in the first candidate that is in memory. Throws where none is: values do not go to a disk. */
export function newDirectory(candidates: readonly string[], typeOf = (path: string) => statfsSync(path).type): string {
  for (const candidate of candidates) {
    try {
      if (memoryTypes.includes(typeOf(candidate))) return mkdtempSync(join(candidate, "halfkey-edit-"))
    } catch {
      // Not there, or not ours to write to: the next one.
    }
  }
  throw new HalfkeyError("missing_configuration", "there is no directory in memory (tmpfs) for the editor's file", {
    hint: "halfkey get and halfkey set, or XDG_RUNTIME_DIR with a directory on a tmpfs",
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

function overwrite(path: string): void {
  const descriptor = openSync(path, constants.O_WRONLY | constants.O_NOFOLLOW)
  try {
    const zeros = new Uint8Array(65_536)
    for (let left = fstatSync(descriptor).size; left > 0; )
      left -= writeSync(descriptor, zeros, 0, Math.min(left, zeros.length))
  } finally {
    closeSync(descriptor)
  }
}
