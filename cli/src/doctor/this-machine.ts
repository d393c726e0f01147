/** Checks that need no server: runtime, directory, profiles, what is kept, the repository. */
import { statSync } from "node:fs"
import { parseApiKey, parseClientKey } from "@halfkey/core/formats/text-keys"
import type { Context } from "../context.ts"
import { settingSeconds } from "../offline/max-stale.ts"
import { Profiles } from "../settings/profiles.ts"
import { listCaches } from "../storage/cache-files.ts"
import { directoryProblem, readPrivateBytes } from "../storage/private-files.ts"
import { type Finding, fail, failed, ok, warn } from "./finding.ts"
import { checkKeptFiles } from "./kept-files.ts"
import { checkRepository } from "./repository.ts"

const oldestNode = 20

export function checkThisMachine(context: Context): Finding[] {
  return [
    checkRuntime(),
    checkDirectory(context.configDirectory),
    ...checkProfiles(context),
    ...checkKeptFiles(context),
    ...checkRepository(context),
    checkCache(context),
  ]
}

function checkRuntime(): Finding {
  const { node } = process.versions
  if (Number.parseInt(node, 10) >= oldestNode) return ok("runtime", `Node ${node}`)
  return fail("runtime", `Node ${node} is too old`, `install Node ${oldestNode} or newer`, 2)
}

function checkDirectory(path: string): Finding {
  const check = "configuration"
  let mode: number
  try {
    mode = statSync(path).mode
  } catch {
    return warn(check, `${path} does not exist yet`, "halfkey up, or set the CS_ variables")
  }
  const problem = directoryProblem(path)
  if (problem !== undefined) return failed(check, problem)
  if ((mode & 0o077) !== 0 && process.platform !== "win32") {
    return warn(check, `others may list ${path}`, `chmod 700 ${path}`)
  }
  return ok(check, path)
}

function checkProfiles({ configDirectory }: Context): Finding[] {
  const profiles = new Profiles(configDirectory)
  return profiles.list().map((name) => {
    const check = `profile ${name}`
    try {
      const profile = profiles.get(name)
      parseClientKey(profile.clientKey)
      if (profile.apiKey !== undefined) parseApiKey(profile.apiKey)
      if (profile.recoveryKitPending) {
        return warn(check, "the recovery kit of its workspace was never shown", "a new workspace: halfkey init --help")
      }
      return ok(check, `${profile.workspaceCRN} at ${profile.endpoint}`)
    } catch (error) {
      return failed(check, error)
    }
  })
}

/** Whether what is read is kept for when the server is away, and what is there. Whether it opens, its reader finds out. */
function checkCache(context: Context): Finding {
  const check = "cache"
  try {
    const files = listCaches(context.configDirectory)
    for (const { path } of files) readPrivateBytes(path)
    const setting = cacheSetting(context)
    const bytes = files.reduce((sum, file) => sum + file.bytes, 0)
    const there =
      files.length === 0
        ? "nothing is kept"
        : `kept: ${files.length === 1 ? "1 file" : `${files.length} files`}, ${Math.ceil(bytes / 1024)} KiB`
    return ok(check, `${setting}; ${there}`)
  } catch (error) {
    return failed(check, error)
  }
}

function cacheSetting(context: Context): string {
  const settings = readable(() => context.settings())
  if (settings?.maxStale === undefined || settingSeconds(settings) === 0) return "only where --max-stale is typed"
  return `up to ${settings.maxStale.value}, by ${settings.maxStale.from}`
}

/** Settings that cannot be read are told by the check of settings. */
function readable<T>(read: () => T): T | undefined {
  try {
    return read()
  } catch {
    return undefined
  }
}
