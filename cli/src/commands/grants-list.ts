/** `halfkey grants list`: who may do what where, as the signed manifests say it. */
import { unwrap } from "halfkey/admin"
import type { CommandDefinition } from "../command.ts"
import type { Context } from "../context.ts"
import { environmentsIn } from "../input/grants.ts"
import { printRows } from "../output/formats.ts"

export interface GrantsListOptions {
  readonly environments: readonly string[]
}

export const definition: CommandDefinition<GrantsListOptions> = {
  environments: "many",
  onlyReads: true,
  formats: ["table", "json", "yaml", "tsv"],
  about: `Every line comes from a manifest whose signature was checked on this machine: the server can add nobody. GRANTER
is true for whoever may sign who is a member.`,
  examples: [
    { does: "everybody in every environment that you may see", line: "halfkey grants list" },
    { does: "who can open production, as JSON", line: "halfkey grants list -e production -o json" },
  ],
  define: () => {},
  read: (_, flags) => ({ environments: environmentsIn(flags) }),
}

const columns = [
  { key: "environment", title: "ENVIRONMENT" },
  { key: "label", title: "LABEL" },
  { key: "clientId", title: "ID" },
  { key: "mode", title: "MODE" },
  { key: "granter", title: "GRANTER" },
]

export async function run(context: Context, { environments }: GrantsListOptions): Promise<undefined> {
  const admin = await context.admin()
  const listed = unwrap(await admin.grants.list(environments.length === 0 ? undefined : environments))
  const rows = listed.flatMap(({ environment, members, state }) =>
    members.map(({ label, clientId, mode, granter }) => ({ environment, label, clientId, mode, granter, state })),
  )
  await printRows(context, columns, rows)
  return undefined
}
