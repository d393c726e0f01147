/** `halfkey environments disable`: nobody reads or writes there until it is enabled again. */
import { unwrap } from "halfkey/admin"
import type { CommandDefinition } from "../command.ts"
import type { Context } from "../context.ts"
import { requireConfirmation } from "../input/confirm.ts"
import { type NamedEnvironment, namedEnvironment } from "../input/environment.ts"

export const definition: CommandDefinition<NamedEnvironment> = {
  ...namedEnvironment,
  about: `Takes effect at once and for everybody, whatever they hold: the server gives out no half of a key any more. Nothing is
lost. You must be a granter, and need not be a member.`,
  examples: [
    { does: "after a question", line: "halfkey environments disable production" },
    { does: "and back", line: "halfkey environments enable production" },
  ],
}

export async function run(context: Context, { name }: NamedEnvironment): Promise<undefined> {
  context.connection()
  await requireConfirmation(context, `Stop all reads and writes of ${name}?`, `${name} was not disabled`)
  const admin = await context.admin()
  const { changed, environment } = unwrap(await admin.environments.disable(name))
  if (!changed) context.note(`${environment} is disabled already`)
  else
    context.note(
      `${environment} is disabled: nobody reads or writes there\n  back: halfkey environments enable ${environment}`,
    )
  return undefined
}
