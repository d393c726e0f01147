/** What is kept in the configuration directory: whose it is, what does not open, what a crash left, logins that wait. */
import { lstatSync, readdirSync, readFileSync, statSync } from "node:fs"
import { basename, join, relative } from "node:path"
import type { Context } from "../context.ts"
import { PendingLogins } from "../login/pending-logins.ts"
import { loadTrust } from "../settings/trust.ts"
import { isAlive, isStale } from "../storage/file-lock.ts"
import { loadFreshness } from "../storage/freshness-file.ts"
import { type Finding, fail, failed, ok, warn } from "./finding.ts"

/** So many are listed; the rest is counted. */
const shown = 10

export function checkKeptFiles({ configDirectory }: Context): Finding[] {
  const paths = everythingIn(configDirectory)
  if (paths === undefined) return []
  return [
    ...checkPermissions(configDirectory, paths),
    ...checkState(configDirectory, paths),
    ...checkTrust(configDirectory),
    ...checkLogins(configDirectory),
    ...paths.flatMap(checkLeftover),
  ]
}

/** `undefined` where there is nothing, which is told already. Directories before what is in them. */
function everythingIn(directory: string): string[] | undefined {
  try {
    return readdirSync(directory, { recursive: true, encoding: "utf8" })
      .map((name) => join(directory, name))
      .sort()
  } catch {
    return undefined
  }
}

function checkPermissions(directory: string, paths: readonly string[]): Finding[] {
  const own = process.getuid?.()
  if (own === undefined) return []
  const found = paths.flatMap((path) => permissionProblem(path, own, relative(directory, path)))
  if (found.length === 0) return [ok("permissions", `${paths.length} files and directories, yours alone`)]
  const rest = found.length - shown
  const more = fail("permissions", `and ${rest} more`, `chmod -R go= ${directory}`, 2)
  return [...found.slice(0, shown), ...(rest > 0 ? [more] : [])]
}

function permissionProblem(path: string, own: number, name: string): Finding[] {
  const entry = statSync(path, { throwIfNoEntry: false })
  // It went meanwhile, or a profile, each of which is told by its name.
  if (entry === undefined || /^profiles[\\/][^\\/.][^\\/]*\.json$/.test(name)) return []
  const { mode, uid } = entry
  const check = "permissions"
  if (uid !== own && own !== 0) {
    return [fail(check, `${path} belongs to another user`, `sudo chown ${own} ${path}`, 2)]
  }
  if ((mode & 0o077) === 0) return []
  const octal = (mode & 0o777).toString(8).padStart(4, "0")
  if (!entry.isDirectory()) {
    return [fail(check, `others may read or write ${path} (mode ${octal})`, `chmod 600 ${path}`, 2)]
  }
  if ((mode & 0o022) === 0) return [warn(check, `others may list ${path} (mode ${octal})`, `chmod 700 ${path}`)]
  return [fail(check, `others may write to ${path} (mode ${octal})`, `chmod 700 ${path}`, 2)]
}

function checkState(directory: string, paths: readonly string[]): Finding[] {
  const ids = paths.flatMap((path) => /^state[\\/]([A-Z2-7]{26})\.json$/.exec(relative(directory, path))?.[1] ?? [])
  const damaged = ids.flatMap((id) => failureOf(`state ${id}`, () => loadFreshness(directory, id)))
  if (ids.length === 0 || damaged.length > 0) return damaged
  return [ok("state", ids.length === 1 ? "of 1 workspace, readable" : `of ${ids.length} workspaces, readable`)]
}

function checkTrust(directory: string): Finding[] {
  return failureOf("trust", () => loadTrust(directory))
}

function failureOf(check: string, read: () => unknown): Finding[] {
  try {
    read()
    return []
  } catch (error) {
    return [failed(check, error)]
  }
}

function checkLogins(directory: string): Finding[] {
  const logins = new PendingLogins(directory)
  return logins.list().map((name) => {
    const check = `login ${name}`
    try {
      const endpoint = logins.find(name)?.endpoint ?? "its server"
      const hint = `halfkey login --profile ${name}   (goes on)\nhalfkey logout --profile ${name}   (deletes its key)`
      return warn(check, `it waits for an admin, at ${endpoint}`, hint)
    } catch (error) {
      return failed(check, error)
    }
  })
}

/** Nothing of it is in the way of a command: it is told, so that nobody wonders. */
function checkLeftover(path: string): Finding[] {
  const name = basename(path)
  if (lstatSync(path, { throwIfNoEntry: false })?.isFile() !== true) return []
  if (name.endsWith(".lock")) {
    if (!isStale(path, contentOf(path))) return []
    return [warn("lock", `${path} was left by a process that is gone`, `rm ${path}   (the next command does it, too)`)]
  }
  const pid = /^\..+\.(\d+)-[0-9a-z]*$/.exec(name)?.[1]
  if (pid === undefined || isAlive(Number(pid))) return []
  return [warn("leftover", `${path} was left by a process that ended while it wrote`, `rm ${path}`)]
}

function contentOf(path: string): string {
  try {
    return readFileSync(path, "utf8")
  } catch {
    return ""
  }
}
