/**
 * The usual form of `halfkey run`, read without the parser: `run [-e NAME] … -- program …`. Loading and building the parser
 * takes about as long as everything else that `run` does before its request, and `run` stands in front of every start of
 * somebody's program. Whatever has another form goes to the parser; a test holds both to the same results.
 */
import type { GlobalOptions } from "./command.ts"
import type { RunOptions } from "./run/start.ts"

export interface QuickRun {
  readonly options: RunOptions
  readonly globals: GlobalOptions
}

const withValue: Readonly<Record<string, "environment" | "profile" | "endpoint" | "allowName">> = {
  "-e": "environment",
  "--environment": "environment",
  "--profile": "profile",
  "--endpoint": "endpoint",
  "--allow-name": "allowName",
}

/** `undefined` for anything but the usual form. */
export function readQuickRun(args: readonly string[]): QuickRun | undefined {
  if (args[0] !== "run") return undefined
  const globals: { environment?: string; profile?: string; endpoint?: string; quiet?: boolean } = {}
  const allowedNames: string[] = []
  const environments: string[] = []
  for (let index = 1; index < args.length; index++) {
    const arg = args[index] ?? ""
    if (arg === "--") {
      const command = args.slice(index + 1)
      const options = { command, allowedNames, environments, only: [], except: [], prefix: undefined, expand: false }
      // No program: nothing is to be asked for.
      return command[0] ? { options, globals } : undefined
    }
    if (arg === "-q" || arg === "--quiet") globals.quiet = true
    else {
      const name = Object.hasOwn(withValue, arg) ? withValue[arg] : undefined
      const value = args[++index]
      if (name === undefined || !value || value.startsWith("-")) return undefined
      if (name === "environment") {
        // Several are several requests.
        if (environments.length > 0 || value.includes(",")) return undefined
        environments.push(value)
      }
      if (name !== "allowName") globals[name] = value
      else allowedNames.push(...value.split(",").filter((part) => part !== ""))
    }
  }
  return undefined
}
