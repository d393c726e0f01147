/** `halfkey run`: one request, then the program, with the secrets in its variables and nowhere else. */
import { unwrap } from "halfkey/secrets"
import { type CommandDefinition, collect, listFlag } from "../command.ts"
import type { Context } from "../context.ts"
import { usageError } from "../failure.ts"
import { childEnvironment } from "../run/child-environment.ts"
import { exitCodes, runChild } from "../run/child-process.ts"
import { replaceProcess } from "../run/replace-process.ts"
import { requireFitting } from "../run/size-limits.ts"

export interface RunOptions {
  readonly command: readonly string[]
  readonly allowedNames: readonly string[]
}

/** So many left-out names are listed; the rest is counted. */
const namesShown = 10

export const definition: CommandDefinition<RunOptions> = {
  environments: "one",
  ownFailureExit: exitCodes.ownFailure,
  passThrough: true,
  about: `Reads all secrets of the environment and starts the program with them. A secret replaces an inherited variable of
the same name. Halfkey's own credentials (CS_ variables) are taken out. Secrets whose names no variable can have, such
as payments/stripe.key, are left out with a note. Names that change how programs load, such as LD_PRELOAD, PATH or
NODE_OPTIONS, are refused unless allowed one by one.

The exit code is the program's own, 128+n when signal n ended it, 127 when it was not found, 126 when it cannot be
executed, 125 for every failure of halfkey itself. Signals are passed on; the terminal is the program's.`,
  examples: [
    { does: "start a server with its secrets", line: "halfkey run -e development -- npm start" },
    { does: "use a shell to name a variable", line: `halfkey run -e staging -- sh -c 'psql "$DATABASE_URL"'` },
    {
      does: "allow one name that is refused otherwise",
      line: "halfkey run -e development --allow-name NODE_OPTIONS -- node app.js",
    },
  ],
  define: (command) => {
    command
      .argument("[command...]", "the program and its arguments, after --")
      .option("--allow-name <name>", "allow a secret of this dangerous name; may be repeated", collect)
  },
  read: ([command], flags) => ({
    command: Array.isArray(command) ? command.map(String) : [],
    allowedNames: listFlag(flags, "allowName"),
  }),
}

export async function run(context: Context, { command, allowedNames }: RunOptions): Promise<number> {
  if (command.length === 0 || command[0] === "")
    throw usageError("no program was named", "halfkey run -e development -- <program>")
  const environment = context.environment()
  const secrets = await context.secrets()
  const found = unwrap(await secrets.readAll({ environment }))
  // No key of ours is left in memory while the program runs.
  await context.close()
  const { variables, leftOut } = childEnvironment(context.env, found, new Set(allowedNames))
  if (leftOut.length > 0) context.warn(leftOutNote(leftOut))
  const isSmall = requireFitting(command, variables)
  if (isSmall) replaceProcess(command, variables)
  return runChild(command, variables, context.streams.err)
}

function leftOutNote(names: readonly string[]): string {
  const listed = names.slice(0, namesShown).join(", ")
  const more = names.length > namesShown ? ` and ${names.length - namesShown} more` : ""
  return `left out, since no variable can have the name: ${listed}${more}`
}
