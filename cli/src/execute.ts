/** Runs one command, and turns whatever happened into text and an exit code. */
import type { CommandDefinition, CommandModule, GlobalOptions } from "./command.ts"
import type { Context, World } from "./context.ts"
import { createContext } from "./create-context.ts"
import { report, usageError } from "./failure.ts"
import { terminalPrompts } from "./input/prompts.ts"
import { harmless } from "./output/harmless.ts"
import type { HeadStart } from "./run/head-start.ts"
import { UnconfirmedEndpoint } from "./settings/trust.ts"
import { BrokenPipe, processStreams, type Streams } from "./streams.ts"

/** A command line that was understood. */
export interface Understood<Options = unknown> {
  /** What is needed of it. */
  readonly module: {
    readonly definition: Pick<CommandDefinition<Options>, "onlyReads" | "ownFailureExit" | "usesCache">
    run: CommandModule<Options>["run"]
  }
  readonly options: Options
  readonly globals: GlobalOptions
  readonly headStart?: HeadStart | undefined
  readonly beforeProgram?: (() => void) | undefined
}

/** Returns where a server that only a committed file names may have the credentials; throws where not. */
export type Confirm = (context: Context, unconfirmed: UnconfirmedEndpoint) => Promise<void>

/**
 * Resolves to the exit code; to `undefined` where somebody must be asked first and there is no `confirm`. `understand` reads the command
 * line, and may print help or a usage error itself.
 */
export async function execute<Options>(
  understand: (streams: Streams) => Promise<Understood<Options>>,
  makeAdmin: World["makeAdmin"],
  confirm?: Confirm,
): Promise<number | undefined> {
  const { env } = process
  let streams = processStreams(env)
  let context: Context | undefined
  let environments: readonly string[] = []
  let failureExit: number | undefined
  const fail = (error: unknown): number => {
    // 141 is what a shell shows for a program that SIGPIPE ended.
    if (error instanceof BrokenPipe) return 141
    const { lines, exit } = report(error, Boolean(env["HALFKEY_DEBUG"]), [...environments, ...configured(context)])
    if (lines.length > 0) streams.err(`${harmless(lines.join("\n"))}\n`)
    return exit === 0 || exit === 130 ? exit : (failureExit ?? exit)
  }
  // Node's own report would quote sources and texts that may hold anything.
  process.on("uncaughtException", (error) => process.exit(fail(error)))
  try {
    const { module, options, globals, headStart, beforeProgram } = await understand(streams)
    failureExit = module.definition.ownFailureExit
    streams = processStreams(env, globals.color !== false)
    const prompts = terminalPrompts(streams, globals.input !== false, env["TERM"] !== "dumb")
    const cwd = workingDirectory()
    const { onlyReads, usesCache } = module.definition
    const begun = { headStart, beforeProgram, onlyReads, usesCache }
    const world = { options: globals, streams, env, cwd, now: Date.now, prompts, ...begun, makeAdmin }
    context = createContext(world)
    environments = environmentsOf(globals, options)
    try {
      return (await module.run(context, options)) ?? 0
    } catch (error) {
      if (!(error instanceof UnconfirmedEndpoint)) throw error
      if (confirm === undefined) return undefined
      await confirm(context, error)
      // Nothing was done before it: a command looks at its connection first.
      context = createContext({ ...world, headStart: undefined })
      return (await module.run(context, options)) ?? 0
    }
  } catch (error) {
    await forgetRefused(context, error, environments)
    return fail(error)
  } finally {
    await context?.close()
  }
}

/** The server took a right away: what is cached by it goes, whichever command was refused. */
async function forgetRefused(context: Context | undefined, error: unknown, environments: readonly string[]) {
  const { code } = (error ?? {}) as { code?: unknown }
  if (context === undefined || typeof code !== "string") return
  const { forgetRefused } = await import("./offline/forget-caches.ts")
  await forgetRefused(context, code, environments.length > 0 ? environments : configured(context))
}

function workingDirectory(): string {
  try {
    return process.cwd()
  } catch {
    throw usageError("the directory that this was started in does not exist any more", "the same in another directory")
  }
}

/** The environments that were asked for on the command line, to suggest another spelling. */
function environmentsOf(globals: GlobalOptions, options: unknown): readonly string[] {
  const { environments } = (options ?? {}) as { environments?: unknown }
  if (Array.isArray(environments)) return environments.map(String)
  return globals.environment === undefined ? [] : [globals.environment]
}

/** The environment of a variable, halfkey.json or the profile. */
function configured(context: Context | undefined): readonly string[] {
  try {
    const environment = context?.settings().environment
    return environment === undefined ? [] : [environment.value]
  } catch {
    // Settings that cannot be read are what went wrong already.
    return []
  }
}
