/** The `halfkey` command: parses, runs one command, and turns whatever happened into text and an exit code. */
import type { GlobalOptions } from "./command.ts"
import type { Context } from "./context.ts"
import { createContext } from "./create-context.ts"
import { report } from "./failure.ts"
import { terminalPrompts } from "./input/prompts.ts"
import { ownFailureExit, parseCommandLine } from "./program.ts"
import { BrokenPipe, processStreams } from "./streams.ts"

const args = process.argv.slice(2)

async function main(): Promise<number> {
  const { env } = process
  let streams = processStreams(env)
  let context: Context | undefined
  let environments: readonly string[] = []
  try {
    const { module, options, globals } = await parseCommandLine(args, streams)
    streams = processStreams(env, globals.color !== false)
    const prompts = terminalPrompts(streams, globals.input !== false)
    context = createContext({ options: globals, streams, env, cwd: process.cwd(), now: Date.now, prompts })
    environments = environmentsOf(globals, options)
    return (await module.run(context, options)) ?? 0
  } catch (error) {
    // 141 is what a shell shows for a program that SIGPIPE ended.
    if (error instanceof BrokenPipe) return 141
    const { lines, exit } = report(error, Boolean(env["HALFKEY_DEBUG"]), environments)
    if (lines.length > 0) streams.err(`${lines.join("\n")}\n`)
    return exit === 0 || exit === 130 ? exit : ((await ownFailureExit(args)) ?? exit)
  } finally {
    await context?.close()
  }
}

/** The environments that were asked for on the command line, to suggest another spelling. */
function environmentsOf(globals: GlobalOptions, options: unknown): readonly string[] {
  const { environments } = (options ?? {}) as { environments?: unknown }
  if (Array.isArray(environments)) return environments.map(String)
  return globals.environment === undefined ? [] : [globals.environment]
}

// Not `process.exitCode`: an idle connection or a timer must not keep a finished command alive. Output is written by then.
process.exit(await main())
