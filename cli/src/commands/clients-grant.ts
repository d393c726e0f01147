/** `halfkey grants add`, also `halfkey clients grant`: lets an existing client into further environments. */
import { Option } from "commander"
import { type MemberMode, unwrap } from "halfkey/admin"
import type { CommandDefinition } from "../command.ts"
import type { Context } from "../context.ts"
import { clientIdFrom } from "../input/client-id.ts"
import { environmentsFrom, memberModes, modeFrom } from "../input/grants.ts"
import { showSealingPlan } from "../output/sealing-plan.ts"

export interface ClientsGrantOptions {
  readonly clientId: string
  readonly environments: readonly string[]
  readonly mode: MemberMode
}

export const definition: CommandDefinition<ClientsGrantOptions> = {
  environments: "many",
  about: `The id is typed in full, as its owner tells it: it commits to the client's keys, so that no server can put others
in their place. Shows who will be able to open each environment, before its keys are sealed.`,
  examples: [
    {
      does: "let a client into production",
      line: "halfkey grants add 6b0c0a52-77d5-8f0e-9c2e-2d1f5c3b9a10 -e production",
    },
    {
      does: "only to read",
      line: "halfkey grants add 6b0c0a52-77d5-8f0e-9c2e-2d1f5c3b9a10 -e production --mode read",
    },
  ],
  define: (command) => {
    command
      .argument("<client-id>", "the whole id")
      .addOption(new Option("--mode <mode>", "what it may do there").choices([...memberModes]))
  },
  read: ([clientId], flags) => ({
    clientId: clientIdFrom(clientId),
    environments: environmentsFrom(flags),
    mode: modeFrom(flags),
  }),
}

export async function run(context: Context, { clientId, environments, mode }: ClientsGrantOptions): Promise<undefined> {
  const admin = await context.admin()
  const granted = unwrap(
    await admin.clients.grant(clientId, environments, mode, {
      beforeSealing: (plan) => void showSealingPlan(context.streams, plan),
    }),
  )
  const places = granted.environments.map((environment) => `${environment.name} (${environment.mode})`)
  context.note(`${clientId} may now use ${places.join(", ")}`)
  return undefined
}
