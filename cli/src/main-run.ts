/** `halfkey run`, the one command that stands in front of other programs: sends its request, and loads the rest meanwhile. */
import { setImmediate } from "node:timers/promises"
import { readQuickRun } from "./quick-run.ts"
import { headStart } from "./run/head-start.ts"

const quick = readQuickRun(process.argv.slice(2))
if (quick !== undefined) {
  const begun = headStart(quick.globals, process.env, process.cwd(), Date.now())
  // To connect and to write, before the loop is held up by loading.
  for (let turn = 0; turn < 2; turn++) await setImmediate()
  const { runQuickly } = await import("./run-quickly.ts")
  const exit = await runQuickly(quick, begun)
  if (exit !== undefined) process.exit(exit)
}
await import("./main.ts")
