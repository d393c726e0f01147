/** Checks that need no server: runtime, directory, profiles, halfkey.json, settings. */
import { statSync } from "node:fs"
import { parseApiKey, parseClientKey } from "@halfkey/core/formats/text-keys"
import type { Context } from "../context.ts"
import { findHalfkeyFile } from "../settings/halfkey-file.ts"
import { Profiles } from "../settings/profiles.ts"
import { directoryProblem } from "../storage/private-files.ts"
import { type Finding, fail, failed, ok, warn } from "./finding.ts"

const oldestNode = 20

export function checkThisMachine(context: Context): Finding[] {
  return [checkRuntime(), checkDirectory(context.configDirectory), ...checkProfiles(context), checkFile(context)]
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

function checkFile({ cwd }: Context): Finding {
  try {
    return ok("halfkey.json", findHalfkeyFile(cwd)?.path ?? "none, none needed")
  } catch (error) {
    return failed("halfkey.json", error)
  }
}
