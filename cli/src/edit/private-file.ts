/** A file that an editor may work on: in memory (tmpfs), readable by its owner only, and overwritten whatever happens. */
import { writeFileSync } from "node:fs"
import { constants as system } from "node:os"
import { join } from "node:path"
import { newDirectory, wipeDirectory } from "../storage/memory-directory.ts"
import { readFileBounded } from "../streams.ts"

/** Of directories that hold what is edited. */
export const editorPurpose = {
  prefix: "halfkey-edit-",
  what: "the editor's file",
  otherwise: "halfkey get and halfkey set",
}

/** Most bytes that are read back: an environment's worth of values. */
const contentMax = 64 * 1024 * 1024

/**
 * Lets `edit` work on the content, by the file's path, and resolves to what it then is. Also when that fails, and when a signal
 * ends this process, every file of its directory is overwritten and removed.
 */
export async function editPrivately(
  candidates: readonly string[],
  file: { readonly name: string; readonly content: Uint8Array },
  edit: (path: string, onSignal: (stop: (signal: NodeJS.Signals) => void) => void) => Promise<void>,
): Promise<Uint8Array> {
  const directory = newDirectory(candidates, editorPurpose)
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
