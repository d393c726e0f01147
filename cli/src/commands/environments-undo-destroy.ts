/** `halfkey environments undo-destroy`: a destroyed environment is there again, while its keys are. */
import { unwrap } from "halfkey/admin"
import type { CommandDefinition } from "../command.ts"
import type { Context } from "../context.ts"
import { type NamedEnvironment, namedEnvironment } from "../input/environment.ts"

export const definition: CommandDefinition<NamedEnvironment> = {
  ...namedEnvironment,
  about: `Everything is as it was, and enabled. Until when that works, halfkey environments list shows: seven days, unless the
server's operator says otherwise.`,
  examples: [
    { does: "bring it back", line: "halfkey environments undo-destroy preview" },
    { does: "see how much time is left", line: "halfkey environments list" },
  ],
}

export async function run(context: Context, { name }: NamedEnvironment): Promise<undefined> {
  const admin = await context.admin()
  const { changed, environment } = unwrap(await admin.environments.undoDestroy(name))
  context.note(changed ? `${environment} is there again, and enabled` : `${environment} is not destroyed`)
  return undefined
}
