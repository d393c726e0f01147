/** `halfkey run`: one request, then the program, with the secrets in its variables and nowhere else. */
import { type CommandDefinition, collect, collectAll, listFlag, textFlag } from "../command.ts"
import type { Context } from "../context.ts"
import { usageError } from "../failure.ts"
import { isVariableName } from "../output/shell-quote.ts"
import { requirePatterns } from "../run/chosen-secrets.ts"
import { exitCodes } from "../run/exit-codes.ts"
import { type RunOptions, start } from "../run/start.ts"

export const definition: CommandDefinition<RunOptions> = {
  environments: "layers",
  onlyReads: true,
  usesCache: true,
  ownFailureExit: exitCodes.ownFailure,
  passThrough: true,
  about: `Reads all secrets of the environment and starts the program with them. A secret replaces an inherited variable of
the same name. Halfkey's own credentials (CS_ variables) are taken out. Secrets whose names no variable can have, such
as payments/stripe.key, are left out with a note. Names that change how programs load, such as LD_PRELOAD, PATH or
NODE_OPTIONS, are refused unless allowed one by one.

Of several environments the later ones win: -e base -e production. With --only, what is named has to be there. Values are
passed on as they are; only with --expand, \${NAME} stands for the value of another secret, and $\${ for \${ itself.

The exit code is the program's own, 128+n when signal n ended it, 127 when it was not found, 126 when it cannot be
executed, 125 for every failure of halfkey itself. Signals are passed on; the terminal is the program's.`,
  examples: [
    { does: "start a server with its secrets", line: "halfkey run -e development -- npm start" },
    { does: "use a shell to name a variable", line: `halfkey run -e staging -- sh -c 'psql "$DATABASE_URL"'` },
    {
      does: "some of two environments; those of production win",
      line: "halfkey run -e base -e production --only 'DB_*' --only API_TOKEN -- npm start",
    },
    {
      does: "allow one name that is refused otherwise",
      line: "halfkey run -e development --allow-name NODE_OPTIONS -- node app.js",
    },
  ],
  define: (command) => {
    command
      .argument("[command...]", "the program and its arguments, after --")
      .option("--only <name>", "only this secret, or those of a pattern such as 'DB_*'; may be repeated", collectAll)
      .option("--except <name>", "without this secret, or those of a pattern; may be repeated", collectAll)
      .option("--prefix <text>", "begin the name of every variable with it, such as TF_VAR_")
      .option("--expand", "put values of other secrets where a value names them in braces behind a $")
      .option("--allow-name <name>", "allow a secret of this dangerous name; may be repeated", collect)
  },
  read: ([command], flags) => {
    const [only, except, environments] = [
      listFlag(flags, "only"),
      listFlag(flags, "except"),
      listFlag(flags, "environment"),
    ]
    const prefix = textFlag(flags, "prefix")
    requirePatterns("--only", only)
    requirePatterns("--except", except)
    // Of an empty variable of a script: another environment must not come in its place.
    if (environments.includes("")) throw usageError("-e names no environment", "-e development")
    if (prefix !== undefined && !isVariableName(prefix)) throw usageError("no variable can begin with that --prefix")
    return {
      command: Array.isArray(command) ? command.map(String) : [],
      allowedNames: listFlag(flags, "allowName"),
      environments,
      only,
      except,
      prefix,
      expand: flags["expand"] === true,
    }
  },
}

export function run(context: Context, options: RunOptions): Promise<number> {
  return start(context, options)
}
