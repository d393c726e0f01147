/** `halfkey promote`: all secrets of an environment, or named ones, into the next. */
import { requireSecretName } from "@halfkey/core/formats/secret-name"
import type { CommandDefinition } from "../command.ts"
import type { Context } from "../context.ts"
import { usageError } from "../failure.ts"
import { type BetweenOptions, defineBetween, readBetween, runBetween } from "../move/between-environments.ts"

export const definition: CommandDefinition<BetweenOptions> = {
  environments: "none",
  formats: ["table", "json", "yaml", "tsv"],
  about: `Shows what would be added or changed, names only, and asks; -y answers. All are written, or none is, and only over
what was seen. What only the other environment has stays, unless --prune deletes it. Earlier versions stay in the history.`,
  examples: [
    { does: "everything, after a look and a question", line: "halfkey promote --from staging --to production" },
    { does: "what would change", line: "halfkey promote --from staging --to production --dry-run" },
    {
      does: "make the other environment hold the same and nothing else",
      line: "halfkey promote --from staging --to development --prune",
    },
  ],
  define: (command) => {
    defineBetween(command.argument("[names...]", "only these secrets"))
    command.option("--prune", "delete from the other environment what this one has not")
  },
  read: ([names], flags) => {
    const options = readBetween(names, flags)
    if (!options.prune || options.names.length === 0) return options
    throw usageError("--prune compares whole environments, so no secret can be named", "leave out one of both")
  },
}

export async function run(context: Context, options: BetweenOptions): Promise<undefined> {
  for (const name of options.names) requireSecretName(name)
  await runBetween(context, options)
  return undefined
}
