/** `halfkey environments list`. */
import { unwrap } from "halfkey/admin"
import type { CommandDefinition } from "../command.ts"
import type { Context } from "../context.ts"
import { printRows } from "../output/formats.ts"

export interface EnvironmentsListOptions {
  readonly all: boolean
}

export const definition: CommandDefinition<EnvironmentsListOptions> = {
  environments: "none",
  onlyReads: true,
  formats: ["table", "json", "yaml", "tsv"],
  about:
    "A member sees its own environments; admins see all. MODE is what you may do yourself; - where you are no member. A\ndestroyed one can be brought back until UNDO UNTIL.",
  examples: [
    { does: "show them", line: "halfkey environments list" },
    { does: "only the names, for a script", line: "halfkey environments list --plain | cut -f1" },
  ],
  define: (command) => {
    command.option("--all", "also those that are destroyed for good")
  },
  read: (_, flags) => ({ all: flags["all"] === true }),
}

const columns = [
  { key: "name", title: "NAME" },
  { key: "mode", title: "MODE" },
  { key: "members", title: "MEMBERS" },
  { key: "state", title: "STATE" },
  { key: "createdAt", title: "CREATED" },
  { key: "undoUntil", title: "UNDO UNTIL" },
]

export async function run(context: Context, { all }: EnvironmentsListOptions): Promise<undefined> {
  const admin = await context.admin()
  const keysets = unwrap(await admin.environments.list()).filter(({ purgedAt }) => all || purgedAt === null)
  const isData = context.options.output === "json" || context.options.output === "yaml"
  const rows = keysets.map(
    ({ name, mode, memberCount, state, createdAt, keysetId, revision, undoUntil, purgedAt }) => ({
      name,
      mode: mode ?? (isData ? null : "-"),
      members: memberCount,
      state,
      createdAt,
      undoUntil: isData || purgedAt === null ? undoUntil : "too late",
      purgedAt,
      id: keysetId,
      revision,
    }),
  )
  await printRows(context, columns, rows)
  return undefined
}
