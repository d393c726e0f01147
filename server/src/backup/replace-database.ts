/** A database takes the place of another one, which is kept under another name. */
import { constants, copyFileSync, existsSync, linkSync, readdirSync, renameSync, rmSync, statSync } from "node:fs"
import { basename, dirname, join } from "node:path"
import { HalfkeyError } from "@halfkey/core/formats/errors"
import { syncDirectory, syncFile } from "../data-directory.ts"
import { foldLog } from "../store/sqlite/snapshot.ts"

const infix = ".replaced-"

/**
 * `next` takes the place of `path`, in one step: whoever looks finds the one or the other. The one before keeps a name, which is
 * returned. Only for whoever holds the data directory's lock. `aside` is called when it has that name.
 */
export function replaceDatabase(path: string, next: string, aside: () => void): string | undefined {
  syncFile(next)
  const name = keep(path)
  aside()
  // Nothing of the log of one may ever be played into the other.
  for (const suffix of ["-wal", "-shm"]) rmSync(path + suffix, { force: true })
  renameSync(next, path)
  syncDirectory(dirname(path))
  return name
}

/** A crash before the last step leaves a second name for a database that is still in use: it goes. */
export function removeUnusedAsides(path: string): void {
  const inUse = statSync(path, { throwIfNoEntry: false })
  if (inUse === undefined || inUse.nlink < 2) return
  for (const name of readdirSync(dirname(path))) {
    if (!name.startsWith(`${basename(path)}${infix}`)) continue
    const other = join(dirname(path), name)
    if (statSync(other).ino === inUse.ino) rmSync(other)
  }
}

function keep(path: string): string | undefined {
  const suffixes = foldedLog(path) ? [""] : ["", "-wal", "-shm"]
  const present = suffixes.filter((suffix) => existsSync(path + suffix))
  if (present.length === 0) return undefined
  const name = unusedName(path)
  for (const suffix of present) linkOrCopy(path + suffix, name + suffix)
  syncDirectory(dirname(path))
  return name
}

/** Whether the file alone is all of the database now. One that is damaged keeps its log beside it. */
function foldedLog(path: string): boolean {
  if (!existsSync(path)) return false
  try {
    foldLog(path)
    return true
  } catch (error) {
    if (error instanceof HalfkeyError) return false
    throw error
  }
}

function unusedName(path: string): string {
  const name = `${path}${infix}${new Date().toISOString().replaceAll(/[-:]|\.\d+/g, "")}`
  for (let number = 1; ; number++) {
    const candidate = number === 1 ? name : `${name}-${number}`
    if (!existsSync(candidate)) return candidate
  }
}

function linkOrCopy(from: string, to: string): void {
  try {
    linkSync(from, to)
  } catch {
    copyFileSync(from, to, constants.COPYFILE_EXCL)
    syncFile(to)
  }
}
