/** `halfkey run`, the one command that stands in front of other programs: a file of its own, small, to start fast. */
import type { CommandModule } from "./command.ts"
import * as run from "./commands/run.ts"
import { execute } from "./execute.ts"
import { readQuickRun } from "./quick-run.ts"

const quick = readQuickRun(process.argv.slice(2))
if (quick !== undefined) process.exit(await execute(async () => ({ ...quick, module: run as CommandModule })))
await import("./main.ts")
