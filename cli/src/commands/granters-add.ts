/** `halfkey granters add`: lets an existing client sign who is a member. */
import { unwrap } from "halfkey/admin"
import type { CommandDefinition } from "../command.ts"
import type { Context } from "../context.ts"
import { clientIdFrom } from "../input/client-id.ts"
import { requireConfirmation } from "../input/confirm.ts"
import { showRosterPlan } from "../output/roster-plan.ts"

export interface GrantersAddOptions {
  readonly clientId: string
}

export const definition: CommandDefinition<GrantersAddOptions> = {
  environments: "none",
  about: `A granter decides who can open an environment, together with an API key of role admin. It opens nothing itself
that it was not granted. The id is typed in full, as its owner tells it: it commits to the client's keys.`,
  examples: [
    { does: "after a question", line: "halfkey granters add 6b0c0a52-77d5-8f0e-9c2e-2d1f5c3b9a10" },
    { does: "in a script", line: "halfkey granters add 6b0c0a52-77d5-8f0e-9c2e-2d1f5c3b9a10 -y" },
  ],
  define: (command) => {
    command.argument("<client-id>", "the whole id")
  },
  read: ([clientId]) => ({ clientId: clientIdFrom(clientId) }),
}

export async function run(context: Context, { clientId }: GrantersAddOptions): Promise<undefined> {
  context.connection()
  await requireConfirmation(context, `Let ${clientId} sign who is a member?`, `${clientId} was not added`)
  const admin = await context.admin()
  const beforeSigning = (plan: Parameters<typeof showRosterPlan>[1]) => void showRosterPlan(context.streams, plan)
  const { changed } = unwrap(await admin.granters.add(clientId, { beforeSigning }))
  context.note(changed ? `${clientId} is a granter now` : `${clientId} is a granter already`)
  return undefined
}
