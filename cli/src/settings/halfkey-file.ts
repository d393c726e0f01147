/** `halfkey.json`: what a repository commits about its secrets, so never a credential. */
import { closeSync, constants, existsSync, fstatSync, lstatSync, openSync, readFileSync, statSync } from "node:fs"
import { homedir } from "node:os"
import { dirname, join } from "node:path"
import { HalfkeyError } from "@halfkey/core/formats/errors"
import { closest } from "../closest.ts"

export interface HalfkeyFile {
  readonly path: string
  readonly workspaceCRN?: string
  readonly environment?: string
  readonly endpoint?: string
  /** Versions of halfkey that the repository is for, as npm writes ranges. Nothing but `version --check` and `doctor` looks at it. */
  readonly requires?: string
  /** Manifests of `environment` below this revision are refused (S10); several environments by name or id. */
  readonly minimumRevision?: number | Readonly<Record<string, number>>
  /** How old may be what the cache gives while the server is away, such as `12h`. */
  readonly maxStale?: string
}

const texts = ["workspaceCRN", "environment", "endpoint", "requires", "maxStale"] as const
const known = [...texts, "minimumRevision", "$schema"]
const fileMaxLength = 1024 * 1024
const credentials = ["clientId", "clientKey", "apiKey", "accessKey", "recoveryKit"]

/**
 * The nearest `halfkey.json` from `cwd` upward: not beyond the repository that `cwd` is in, nor beyond the person's home directory. One
 * that another user may have put there, such as into /tmp, is left alone and told to `ignored`.
 */
export function findHalfkeyFile(cwd: string, ignored: (path: string) => void = () => {}): HalfkeyFile | undefined {
  const home = homedir()
  for (let directory = cwd; ; directory = dirname(directory)) {
    const path = join(directory, "halfkey.json")
    if (isPlanted(path, directory)) ignored(path)
    else {
      const text = readIfThere(path)
      if (text !== undefined) return parseHalfkeyFile(text, path)
    }
    if (dirname(directory) === directory || directory === home || existsSync(join(directory, ".git"))) return undefined
  }
}

/** Of another user, in a directory that everybody may write to. A team's directory, where a group may, is its own. */
function isPlanted(path: string, directory: string): boolean {
  const own = process.getuid?.()
  if (own === undefined) return false
  try {
    // Not what a link leads to: whoever made the link chose the file.
    const owner = lstatSync(path, { throwIfNoEntry: false })?.uid
    return owner !== undefined && owner !== own && owner !== 0 && (statSync(directory).mode & 0o002) !== 0
  } catch {
    // Reading it tells why.
    return false
  }
}

/** Throws `invalid_configuration` for anything but the known fields with the right types. */
export function parseHalfkeyFile(text: string, path: string): HalfkeyFile {
  const refuse = (why: string, hint = `correct ${path}`) =>
    new HalfkeyError("invalid_configuration", `${path} is not usable: ${why}`, { hint })
  let data: unknown
  try {
    data = JSON.parse(text)
  } catch {
    throw refuse("it is no JSON")
  }
  if (typeof data !== "object" || data === null || Array.isArray(data)) throw refuse("it is no JSON object")
  const fields = data as Record<string, unknown>
  for (const name of Object.keys(fields)) {
    if (credentials.includes(name)) {
      throw refuse(
        `${name} does not belong into a file that is committed`,
        "remove it; profiles and CS_ variables hold it",
      )
    }
    if (known.includes(name)) continue
    const near = closest(name, known)
    throw refuse(`it has the unknown field ${JSON.stringify(name)}`, near && `${near} (did you mean ${near}?)`)
  }
  for (const name of texts) {
    if (fields[name] !== undefined && (typeof fields[name] !== "string" || fields[name] === "")) {
      throw refuse(`${name} must be a text`)
    }
  }
  const revision = fields["minimumRevision"]
  if (revision !== undefined && !isPin(revision)) {
    throw refuse(
      typeof revision === "object" && revision !== null
        ? "minimumRevision must hold whole numbers from 1, by environment"
        : "minimumRevision must be a whole number from 1",
    )
  }
  const { $schema: _, ...file } = fields
  return { ...(file as Omit<HalfkeyFile, "path">), path }
}

function isPin(value: unknown): boolean {
  const isRevision = (each: unknown) => Number.isSafeInteger(each) && (each as number) >= 1
  if (typeof value !== "object" || value === null) return isRevision(value)
  return !Array.isArray(value) && Object.values(value).every(isRevision)
}

/** A repository may hold a link to a device that never ends, or that waits: each key press of completion would hang. */
function readIfThere(path: string): string | undefined {
  const refuse = (why: string) => new HalfkeyError("invalid_configuration", `${path} could not be read: ${why}`)
  let descriptor: number | undefined
  try {
    descriptor = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK)
    const stats = fstatSync(descriptor)
    if (stats.isDirectory()) return undefined
    if (!stats.isFile()) throw refuse("it is no file")
    if (stats.size > fileMaxLength) throw refuse(`it has more than ${fileMaxLength} bytes`)
    return readFileSync(descriptor, "utf8")
  } catch (error) {
    if (error instanceof HalfkeyError) throw error
    const { code } = error as NodeJS.ErrnoException
    if (code === "ENOENT" || code === "ENOTDIR" || code === "EISDIR") return undefined
    throw refuse(code ?? "unknown reason")
  } finally {
    if (descriptor !== undefined) closeSync(descriptor)
  }
}
