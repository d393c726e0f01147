/** The `halfkey` command: parses, runs one command, and turns whatever happened into text and an exit code. */
import { createContext } from "./create-context.ts"
import { report } from "./failure.ts"
import { terminalPrompts } from "./input/prompts.ts"
import { ownFailureExit, parseCommandLine } from "./program.ts"
import { BrokenPipe, processStreams } from "./streams.ts"

const args = process.argv.slice(2)

async function main(): Promise<number> {
  const { env } = process
  const parserOutput = processStreams(env)
  try {
    const { module, options, globals } = await parseCommandLine(args, parserOutput)
    const streams = processStreams(env, globals.color !== false)
    const prompts = terminalPrompts(streams, globals.input !== false)
    const context = createContext({ options: globals, streams, env, cwd: process.cwd(), now: Date.now, prompts })
    return (await module.run(context, options)) ?? 0
  } catch (error) {
    // 141 is what a shell shows for a program that SIGPIPE ended.
    if (error instanceof BrokenPipe) return 141
    const { lines, exit } = report(error, Boolean(env["HALFKEY_DEBUG"]))
    if (lines.length > 0) parserOutput.err(`${lines.join("\n")}\n`)
    return exit === 0 || exit === 130 ? exit : ((await ownFailureExit(args)) ?? exit)
  }
}

// Not `process.exitCode`: an idle connection or a timer must not keep a finished command alive. Output is written by then.
process.exit(await main())
