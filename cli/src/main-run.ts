/** `halfkey run`, the one command that stands in front of other programs: sends its request, and loads the rest meanwhile. */
import { setImmediate } from "node:timers/promises"
import { readQuickRun } from "./quick-run.ts"
import { headStart } from "./run/head-start.ts"

/**
 * Ends the process with the exit code, or puts the program into its place. Resolves where the command line has another form than
 * the usual one, or where a question comes first. `keepCode`: called when all that a run needs was loaded and used.
 */
export async function main(keepCode: () => void): Promise<void> {
  const quick = readQuickRun(process.argv.slice(2))
  if (quick === undefined) return
  const begun = headStart(quick.globals, process.env, process.cwd(), Date.now())
  // To connect and to write, before the loop is held up by loading.
  for (let turn = 0; turn < 2; turn++) await setImmediate()
  const { runQuickly } = await import("./run-quickly.ts")
  // Without a head start it was no usual run: the next one would miss what this one did not use.
  const exit = await runQuickly(quick, begun, begun && keepCode)
  if (exit !== undefined) process.exit(exit)
}
