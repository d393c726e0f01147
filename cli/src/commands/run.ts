/** `halfkey run`: one request, then the program, with the secrets in its variables and nowhere else. */
import { type Secret, type Secrets, unwrap } from "halfkey/secrets"
import { type CommandDefinition, collect, collectAll, listFlag, textFlag } from "../command.ts"
import type { Context } from "../context.ts"
import { usageError } from "../failure.ts"
import { isVariableName } from "../output/shell-quote.ts"
import { childEnvironment } from "../run/child-environment.ts"
import { exitCodes, runChild } from "../run/child-process.ts"
import { choose, isPattern, layered, requirePatterns } from "../run/chosen-secrets.ts"
import { replaceProcess } from "../run/replace-process.ts"
import { requireFitting } from "../run/size-limits.ts"

export interface RunOptions {
  readonly command: readonly string[]
  readonly allowedNames: readonly string[]
  /** Those behind the command's name; later ones win. None: that of the settings. */
  readonly environments: readonly string[]
  /** Names and patterns. */
  readonly only: readonly string[]
  readonly except: readonly string[]
  readonly prefix: string | undefined
  readonly expand: boolean
}

/** So many left-out names are listed; the rest is counted. */
const namesShown = 10

export const definition: CommandDefinition<RunOptions> = {
  environments: "layers",
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

export async function run(context: Context, options: RunOptions): Promise<number> {
  const { command, allowedNames, prefix } = options
  if (command.length === 0 || command[0] === "")
    throw usageError("no program was named", "halfkey run -e development -- <program>")
  const environments = options.environments.length > 0 ? options.environments : [context.environment()]
  const found = await read(await context.secrets(), environments, options)
  // No key of ours is left in memory while the program runs.
  await context.close()
  const { chosen, unused } = choose(found, options, environments)
  if (unused.length > 0) context.warn(`--except leaves nothing out, since no secret has the name: ${unused.join(", ")}`)
  const expanded = options.expand ? (await import("../run/expanded-values.ts")).expandValues(chosen, found) : chosen
  const { variables, leftOut } = childEnvironment(context.env, expanded, new Set(allowedNames), prefix)
  if (leftOut.length > 0) context.warn(leftOutNote(leftOut))
  const isSmall = requireFitting(command, variables)
  if (isSmall) replaceProcess(command, variables)
  return runChild(command, variables, context.streams.err)
}

/** One request for each environment, all at once. Of one, no more is read than what is named. */
async function read(
  secrets: Secrets,
  environments: readonly string[],
  { only, expand }: RunOptions,
): Promise<readonly Secret[]> {
  const [environment, ...others] = environments
  if (others.length === 0 && only.length > 0 && !only.some(isPattern) && !expand) {
    return unwrap(await secrets.readMany([...new Set(only)], { environment }))
  }
  const layers = await Promise.all(environments.map((each) => secrets.readAll({ environment: each })))
  return layered(layers.map(unwrap))
}

function leftOutNote(names: readonly string[]): string {
  const listed = names.slice(0, namesShown).join(", ")
  const more = names.length > namesShown ? ` and ${names.length - namesShown} more` : ""
  return `left out, since no variable can have the name: ${listed}${more}`
}
