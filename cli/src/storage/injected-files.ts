/**
 * Files that `halfkey inject` wrote, so that it may write them again and nothing else. Kept in `injected.json` of the
 * configuration directory: paths and what the system says of each file, nothing of what is in it.
 */
import { lstatSync, realpathSync, type Stats } from "node:fs"
import { basename, dirname, join, resolve } from "node:path"
import { HalfkeyError } from "@halfkey/core/formats/errors"
import { readPrivateFile, replaceByPrivateFile, writePrivateFile } from "./private-files.ts"

/** Changes whenever somebody else writes to the file or puts another one in its place. */
type Mark = string
const mostRemembered = 1000

export class InjectedFiles {
  readonly #path: string

  constructor(configDirectory: string) {
    this.#path = join(configDirectory, "injected.json")
  }

  /** Throws `invalid_argument` where another file is, unless `force`; for what is no file, always. */
  requireOurs(path: string, force: boolean): void {
    const stats = lstatSync(path, { throwIfNoEntry: false })
    if (stats === undefined) return
    // A rename would put the file in the place of a directory or a device.
    if (!stats.isFile() && !stats.isSymbolicLink()) throw new HalfkeyError("invalid_argument", `${path} is no file`)
    if (force || this.#marks()[absolute(path)] === markOf(stats)) return
    const why = "is there already, and is not what inject wrote there"
    throw new HalfkeyError("invalid_argument", `${path} ${why}`, { hint: "another path, or --force to replace it" })
  }

  /** Replaces the file by one with mode 0600. Returns whether it was noted that the file is ours. */
  write(path: string, content: Uint8Array): boolean {
    replaceByPrivateFile(path, content)
    try {
      const marks = Object.entries(this.#marks()).filter(([known]) => known !== absolute(path))
      marks.push([absolute(path), markOf(lstatSync(path))])
      writePrivateFile(this.#path, `${JSON.stringify(Object.fromEntries(marks.slice(-mostRemembered)))}\n`)
      return true
    } catch {
      return false
    }
  }

  #marks(): Readonly<Record<string, Mark>> {
    try {
      const marks: unknown = JSON.parse(readPrivateFile(this.#path) ?? "{}")
      if (typeof marks === "object" && marks !== null) return { ...marks }
    } catch {
      // Nothing is ours then, which costs a --force.
    }
    return {}
  }
}

function markOf({ ino, size, mtimeMs }: Stats): Mark {
  return `${ino} ${size} ${mtimeMs}`
}

/** The directory without links, the name as it is. */
function absolute(path: string): string {
  const whole = resolve(path)
  try {
    return join(realpathSync(dirname(whole)), basename(whole))
  } catch {
    return whole
  }
}
