/** The `halfkey` command. */
import { execute } from "./execute.ts"
import { makeAdmin } from "./make-admin.ts"
import { parseCommandLine } from "./program.ts"
import { askForTrust } from "./settings/ask-trust.ts"

// Not `process.exitCode`: an idle connection or a timer must not keep a finished command alive. Output is written by then.
process.exit(await execute((streams) => parseCommandLine(process.argv.slice(2), streams), makeAdmin, askForTrust))
