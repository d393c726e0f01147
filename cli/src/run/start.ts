/** What `halfkey run` does once its command line is read: the part that stands in front of every start of somebody's program. */
import { type Secret, type Secrets, unwrap } from "halfkey/secrets"
import type { Context } from "../context.ts"
import { usageError } from "../failure.ts"
import { childEnvironment } from "./child-environment.ts"
import { choose, isPattern, layered } from "./chosen-secrets.ts"
import { replaceProcess } from "./replace-process.ts"
import { requireFitting } from "./size-limits.ts"

export interface RunOptions {
  readonly command: readonly string[]
  readonly allowedNames: readonly string[]
  /** Those behind the command's name; later ones win. None: that of the settings. */
  readonly environments: readonly string[]
  /** Names and patterns. */
  readonly only: readonly string[]
  readonly except: readonly string[]
  readonly prefix: string | undefined
  readonly expand: boolean
}

/** So many left-out names are listed; the rest is counted. */
const namesShown = 10

export async function start(context: Context, options: RunOptions): Promise<number> {
  const { command } = options
  requireProgram(command)
  const environments = environmentsOf(context, options)
  const found = await readLayers(await context.secrets(), environments, options)
  // No key of ours is left in memory while the program runs.
  await context.close()
  const secrets = await chosenSecrets(context, found, environments, options)
  const variables = variablesOf(context, secrets, options)
  const isSmall = requireFitting(command, variables)
  context.beforeProgram?.()
  if (isSmall) replaceProcess(command, variables)
  // Only here: loading what starts processes takes as long as opening the secrets.
  const { runChild } = await import("./child-process.ts")
  return runChild(command, variables, context.streams.err)
}

/** Throws a usage error. */
export function requireProgram([file]: readonly string[]): void {
  if (!file) throw usageError("no program was named", "halfkey run -e development -- <program>")
}

export function environmentsOf(context: Context, { environments }: RunOptions): readonly string[] {
  return environments.length > 0 ? environments : [context.environment()]
}

/** What is left by --only and --except, expanded where that was asked for. */
export async function chosenSecrets(
  context: Context,
  found: readonly Secret[],
  environments: readonly string[],
  options: RunOptions,
): Promise<readonly Secret[]> {
  const { chosen, unused } = choose(found, options, environments)
  if (unused.length > 0) context.warn(`--except leaves nothing out, since no secret has the name: ${unused.join(", ")}`)
  return options.expand ? (await import("./expanded-values.ts")).expandValues(chosen, found) : chosen
}

/** Throws where a value or a name can be no variable's. */
export function variablesOf(
  context: Context,
  secrets: readonly Secret[],
  { allowedNames, prefix }: RunOptions,
): Record<string, string> {
  const { variables, leftOut } = childEnvironment(context.env, secrets, new Set(allowedNames), prefix)
  if (leftOut.length > 0) context.warn(leftOutNote(leftOut))
  return variables
}

/** One request for each environment, all at once. Of one, no more is read than what is named. */
export async function readLayers(
  secrets: Secrets,
  environments: readonly string[],
  { only, expand }: RunOptions,
): Promise<readonly Secret[]> {
  const [environment, ...others] = environments
  if (others.length === 0 && only.length > 0 && !only.some(isPattern) && !expand) {
    return unwrap(await secrets.readMany([...new Set(only)], { environment }))
  }
  const layers = await Promise.all(environments.map((each) => secrets.readAll({ environment: each })))
  return layered(layers.map(unwrap))
}

function leftOutNote(names: readonly string[]): string {
  const listed = names.slice(0, namesShown).join(", ")
  const more = names.length > namesShown ? ` and ${names.length - namesShown} more` : ""
  return `left out, since no variable can have the name: ${listed}${more}`
}
