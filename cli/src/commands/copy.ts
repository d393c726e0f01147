/** `halfkey copy`: named secrets into another environment. */
import { requireSecretName } from "@halfkey/core/formats/secret-name"
import type { CommandDefinition } from "../command.ts"
import type { Context } from "../context.ts"
import { usageError } from "../failure.ts"
import { type BetweenOptions, defineBetween, readBetween, runBetween } from "../move/between-environments.ts"

export const definition: CommandDefinition<BetweenOptions> = {
  environments: "none",
  formats: ["table", "json", "yaml", "tsv"],
  about: `Shows which of them would be added or changed, names only, and asks; -y answers. All are written, or none is, and only
over what was seen. They are opened here and sealed again under the keys of the other environment.`,
  examples: [
    { does: "one secret, after a question", line: "halfkey copy STRIPE_KEY --from staging --to production" },
    { does: "several, in a script", line: "halfkey copy DATABASE_URL API_TOKEN --from staging --to development -y" },
    { does: "only look", line: "halfkey copy STRIPE_KEY --from staging --to production --dry-run" },
  ],
  define: (command) => {
    defineBetween(command.argument("[names...]", "names of secrets"))
  },
  read: ([names], flags) => {
    const options = readBetween(names, flags)
    if (options.names.length > 0) return options
    throw usageError("no secret was named", "add one NAME or more; halfkey promote takes all of an environment")
  },
}

export async function run(context: Context, options: BetweenOptions): Promise<undefined> {
  for (const name of options.names) requireSecretName(name)
  await runBetween(context, options)
  return undefined
}
