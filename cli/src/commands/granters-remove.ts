/** `halfkey granters remove`: takes a granter off the roster, and signs again what it had signed. */
import { unwrap } from "halfkey/admin"
import type { CommandDefinition } from "../command.ts"
import type { Context } from "../context.ts"
import { clientIdFrom } from "../input/client-id.ts"
import { requireConfirmation } from "../input/confirm.ts"
import { showRosterPlan } from "../output/roster-plan.ts"

export interface GrantersRemoveOptions {
  readonly clientId: string
}

export const definition: CommandDefinition<GrantersRemoveOptions> = {
  environments: "none",
  about: `One request carries the new roster and every environment that the granter had signed last, signed again by you:
interrupted, it happened or it did not; type it again. The client keeps its grants: halfkey clients revoke takes them.`,
  examples: [
    { does: "after a question", line: "halfkey granters remove 6b0c0a52-77d5-8f0e-9c2e-2d1f5c3b9a10" },
    { does: "in a script", line: "halfkey granters remove 6b0c0a52-77d5-8f0e-9c2e-2d1f5c3b9a10 -y" },
  ],
  define: (command) => {
    command.argument("<client-id>", "the whole id")
  },
  read: ([clientId]) => ({ clientId: clientIdFrom(clientId) }),
}

export async function run(context: Context, { clientId }: GrantersRemoveOptions): Promise<undefined> {
  context.connection()
  await requireConfirmation(context, `Take ${clientId} off the roster?`, `${clientId} was not removed`)
  const admin = await context.admin()
  const beforeSigning = (plan: Parameters<typeof showRosterPlan>[1]) => void showRosterPlan(context.streams, plan)
  const { changed } = unwrap(await admin.granters.remove(clientId, { beforeSigning }))
  context.note(changed ? `${clientId} is no granter any more` : `${clientId} is no granter`)
  return undefined
}
