/** Which secrets a program gets, and how: the options that `run` and `watch` share. */
import type { Command } from "commander"
import { collect, collectAll, type Flags, listFlag, textFlag } from "../command.ts"
import { usageError } from "../failure.ts"
import { isVariableName } from "../output/shell-quote.ts"
import { requirePatterns } from "./chosen-secrets.ts"
import type { RunOptions } from "./start.ts"

export function defineChoice(command: Command): Command {
  return command
    .option("--only <name>", "only this secret, or those of a pattern such as 'DB_*'; may be repeated", collectAll)
    .option("--except <name>", "without this secret, or those of a pattern; may be repeated", collectAll)
    .option("--prefix <text>", "begin the name of every variable with it, such as TF_VAR_")
    .option("--expand", "put values of other secrets where a value names them in braces behind a $")
    .option("--allow-name <name>", "allow a secret of this dangerous name; may be repeated", collect)
}

/** Throws a usage error. */
export function readChoice(command: unknown, flags: Flags): RunOptions {
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
}
