/** What `halfkey run` needs to check and open the answer, apart from the other commands. */
import type { CommandModule } from "./command.ts"
import * as run from "./commands/run.ts"
import { execute } from "./execute.ts"
import type { QuickRun } from "./quick-run.ts"
import type { HeadStart } from "./run/head-start.ts"

/** Resolves to the exit code, where this process is still there at the end. */
export function runQuickly(quick: QuickRun, headStart: HeadStart | undefined): Promise<number> {
  return execute(async () => ({ ...quick, headStart, module: run as CommandModule }), noAdmin)
}

/** `halfkey/admin` would make this bundle half as large again. */
async function noAdmin(): Promise<never> {
  throw new TypeError("run administers nothing")
}
