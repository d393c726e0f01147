/** What `halfkey run` needs to check and open the answer, apart from the other commands, the parser and the help. */
import { execute } from "./execute.ts"
import type { QuickRun } from "./quick-run.ts"
import { exitCodes } from "./run/exit-codes.ts"
import type { HeadStart } from "./run/head-start.ts"
import { start } from "./run/start.ts"

/**
 * Resolves to the exit code, where this process is still there at the end; to `undefined` where a question comes first, which is
 * not in this bundle. `beforeProgram`: called just before the program starts.
 */
export function runQuickly(
  quick: QuickRun,
  headStart: HeadStart | undefined,
  beforeProgram: (() => void) | undefined,
): Promise<number | undefined> {
  const { globals, options } = quick
  const definition = { onlyReads: true, usesCache: true, ownFailureExit: exitCodes.ownFailure } as const
  const module = { definition, run: start }
  return execute(async () => ({ globals, options, headStart, beforeProgram, module }), noAdmin)
}

/** `halfkey/admin` would make this bundle half as large again. */
async function noAdmin(): Promise<never> {
  throw new TypeError("run administers nothing")
}
