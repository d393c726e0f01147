/** `halfkey environments destroy`: seven days to think again, then nobody opens what is there ever again. */
import { type EnvironmentGrants, unwrap } from "halfkey/admin"
import type { CommandDefinition } from "../command.ts"
import type { Context } from "../context.ts"
import { requireTypedName } from "../input/confirm.ts"
import { type NamedEnvironment, namedEnvironment } from "../input/environment.ts"
import { visible } from "../output/formats.ts"
import { renderTable } from "../output/table.ts"
import type { Streams } from "../streams.ts"

export const definition: CommandDefinition<NamedEnvironment> = {
  ...namedEnvironment,
  about: `Nobody reads or writes there from now on. For seven days, unless the server's operator says otherwise, undo-destroy
brings it back; then the server deletes its half of every key, and no copy of the database, with all client keys and the
recovery kit, opens anything. The name is never free again. You must be a granter, and need not be a member.`,
  examples: [
    { does: "after the name is typed again", line: "halfkey environments destroy preview" },
    { does: "in a script", line: "halfkey environments destroy preview -y" },
  ],
}

export async function run(context: Context, { name }: NamedEnvironment): Promise<undefined> {
  context.connection()
  const admin = await context.admin()
  for (const grants of unwrap(await admin.grants.list([name]))) showMembers(context.streams, grants)
  await requireTypedName(context, name, `All of ${name} will be lost.`, `${name} was not destroyed`)
  const { changed, environment, undoUntil } = unwrap(await admin.environments.destroy(name))
  const undo = wayBack(environment, undoUntil, context.now())
  context.note(`${environment} is destroyed${changed ? "" : " already"}${undo}`)
  return undefined
}

/** By the signed manifest, and even with `-q`. */
function showMembers(streams: Streams, { environment, members }: EnvironmentGrants): void {
  if (members.length === 0) return
  const rows = members.map(({ clientId, label, mode }) => [visible(label), clientId, mode])
  streams.err(`halfkey: who loses ${environment}\n${renderTable(rows).replace(/^/gm, "  ").trimEnd()}\n`)
}

function wayBack(environment: string, undoUntil: string | null, now: number): string {
  if (undoUntil === null) return ""
  if (Date.parse(undoUntil) <= now) return "\n  its keys are deleted: nothing undoes that"
  return `\n  back, until ${undoUntil}: halfkey environments undo-destroy ${environment}`
}
