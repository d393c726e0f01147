/** `halfkey list`: names, versions and times of an environment's secrets. */
import { unwrap } from "halfkey/secrets"
import { type CommandDefinition, textFlag } from "../command.ts"
import type { Context } from "../context.ts"
import { printRows } from "../output/formats.ts"

export interface ListOptions {
  readonly prefix?: string | undefined
}

export const definition: CommandDefinition<ListOptions> = {
  environments: "one",
  onlyReads: true,
  usesCache: true,
  formats: ["table", "json", "yaml", "tsv"],
  examples: [
    { does: "all secrets of an environment", line: "halfkey list -e production" },
    { does: "only names below payments/, for a script", line: "halfkey list -e production --prefix payments/ --plain" },
    { does: "as JSON", line: "halfkey list -e production -o json" },
  ],
  define: (command) => {
    command.option("--prefix <text>", "only names that start with this")
  },
  read: (_, flags) => ({ prefix: textFlag(flags, "prefix") }),
}

const columns = [
  { key: "name", title: "NAME" },
  { key: "version", title: "VERSION" },
  { key: "updatedAt", title: "UPDATED" },
]

export async function run(context: Context, { prefix }: ListOptions): Promise<undefined> {
  const environment = context.environment()
  const secrets = await context.secrets()
  const found = unwrap(await secrets.list({ environment, prefix }))
  const rows = found.map(({ name, version, createdAt, updatedAt, ...rest }) => ({
    name,
    version,
    updatedAt,
    createdAt,
    environment: rest.environment,
  }))
  if (rows.length === 0)
    context.note(`there are no secrets ${prefix ? `that start with ${prefix} ` : ""}in ${environment}`)
  await printRows(context, columns, rows)
  return undefined
}
