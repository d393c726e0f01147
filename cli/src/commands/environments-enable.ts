/** `halfkey environments enable`: a disabled environment can be read and written again. */
import { unwrap } from "halfkey/admin"
import type { CommandDefinition } from "../command.ts"
import type { Context } from "../context.ts"
import { type NamedEnvironment, namedEnvironment } from "../input/environment.ts"

export const definition: CommandDefinition<NamedEnvironment> = {
  ...namedEnvironment,
  about: `Whoever was a member when it was disabled is one again, unless revoked meanwhile. A destroyed environment needs
undo-destroy.`,
  examples: [
    { does: "enable it", line: "halfkey environments enable production" },
    { does: "see the states of all", line: "halfkey environments list" },
  ],
}

export async function run(context: Context, { name }: NamedEnvironment): Promise<undefined> {
  const admin = await context.admin()
  const { changed, environment } = unwrap(await admin.environments.enable(name))
  context.note(changed ? `${environment} is enabled` : `${environment} is enabled already`)
  return undefined
}
