/** `halfkey get-many`: several secrets in one round trip, in a format that holds them exactly or not at all. */
import { requireSecretName } from "@halfkey/core/formats/secret-name"
import { unwrap } from "halfkey/secrets"
import type { CommandDefinition } from "../command.ts"
import type { Context } from "../context.ts"
import { collectNames, namesFrom } from "../input/name.ts"
import { printSecrets } from "../output/secret-formats.ts"

export interface GetManyOptions {
  readonly names: readonly string[]
  readonly show: boolean
}

export const definition: CommandDefinition<GetManyOptions> = {
  environments: "one",
  onlyReads: true,
  usesCache: true,
  formats: ["env", "json", "yaml", "tsv", "table"],
  about: `Formats: env (the default) is quoted for a POSIX shell; json and yaml are one object of names and values; tsv has
name, version and value; table hides the values unless --show. A value that a format cannot hold exactly, such as bytes
that are no UTF-8 in json, is refused with exit code 7: print it with \`halfkey get\`.`,
  examples: [
    {
      does: "into the variables of this shell",
      line: 'eval "$(halfkey get-many DATABASE_URL API_TOKEN -e development)"',
    },
    { does: "as one JSON object", line: "halfkey get-many DATABASE_URL API_TOKEN -e production -o json" },
  ],
  define: (command) => {
    command
      .argument("[names...]", "names of secrets")
      .option("-n, --name <name>", "a name, as an option; may be repeated", collectNames)
      .option("--show", "show values in the table")
  },
  read: ([names], flags) => ({ names: namesFrom(names, flags), show: flags["show"] === true }),
}

export async function run(context: Context, { names, show }: GetManyOptions): Promise<undefined> {
  for (const name of names) requireSecretName(name)
  const environment = context.environment()
  const secrets = await context.secrets()
  const found = unwrap(await secrets.readMany(names, { environment }))
  const byName = new Map(found.map((secret) => [secret.name, secret]))
  const inOrder = names.flatMap((name) => byName.get(name) ?? [])
  await printSecrets(context, inOrder, show)
  return undefined
}
