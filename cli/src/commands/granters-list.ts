/** `halfkey granters list`: who may sign who is a member, by the signed roster. */
import { unwrap } from "halfkey/admin"
import type { CommandDefinition } from "../command.ts"
import type { Context } from "../context.ts"
import { printRows } from "../output/formats.ts"

export const definition: CommandDefinition<undefined> = {
  environments: "none",
  onlyReads: true,
  formats: ["table", "json", "yaml", "tsv"],
  about: `By the newest roster, each of whose signatures was checked on this machine, back to the one of the recovery kit: the
server can add nobody.`,
  examples: [
    { does: "show them", line: "halfkey granters list" },
    { does: "only their ids, for a script", line: "halfkey granters list --plain | cut -f2" },
  ],
  define: () => {},
  read: () => undefined,
}

const columns = [
  { key: "label", title: "LABEL" },
  { key: "clientId", title: "ID" },
]

export async function run(context: Context): Promise<undefined> {
  const admin = await context.admin()
  const granters = unwrap(await admin.granters.list())
  await printRows(
    context,
    columns,
    granters.map(({ label, clientId }) => ({ label, clientId })),
  )
  return undefined
}
