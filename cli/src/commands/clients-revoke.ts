/** `halfkey clients revoke`: the server refuses the client at once; then every environment is signed again without it. */
import type { CommandDefinition } from "../command.ts"
import type { Context } from "../context.ts"
import { clientIdFrom } from "../input/client-id.ts"
import { requireConfirmation } from "../input/confirm.ts"
import { forgetCaches } from "../offline/forget-caches.ts"
import { ProgressLine } from "../output/progress.ts"
import {
  environmentsOfNobodyElse,
  tellRevoked,
  warnOfNobodyLeft,
  withWaitingManifests,
} from "../output/revoked-client.ts"
import { showSealingPlan } from "../output/sealing-plan.ts"

export interface ClientsRevokeOptions {
  readonly clientId: string
  readonly rotate: boolean
}

export const definition: CommandDefinition<ClientsRevokeOptions> = {
  environments: "none",
  about: `What the client has read already stays known to it: replace those secrets. With --rotate each of its environments
gets new keys in the same step, and everything there is sealed again. Interrupted? Type it again; the command goes on where
it stopped.`,
  examples: [
    { does: "after a question", line: "halfkey clients revoke 6b0c0a52-77d5-8f0e-9c2e-2d1f5c3b9a10" },
    {
      does: "with new keys for its environments, in a script",
      line: "halfkey clients revoke 6b0c0a52-77d5-8f0e-9c2e-2d1f5c3b9a10 --rotate -y",
    },
  ],
  define: (command) => {
    command.argument("<client-id>", "the whole id").option("--rotate", "give its environments new keys too")
  },
  read: ([clientId], flags) => ({ clientId: clientIdFrom(clientId), rotate: flags["rotate"] === true }),
}

export async function run(context: Context, { clientId, rotate }: ClientsRevokeOptions): Promise<undefined> {
  context.connection()
  await requireConfirmation(context, `Revoke client ${clientId}?`, `${clientId} was not revoked`)
  const admin = await context.admin()
  const progress = new ProgressLine(context)
  const result = await admin.clients.revoke(clientId, {
    rotate,
    beforeSealing: (plan) => void showSealingPlan(context.streams, plan),
    onProgress: ({ done, environment, total }) => progress.show(`${environment}: sealed again`, done, total),
  })
  progress.end()
  if (result.failure !== undefined) throw await withWaitingManifests(admin, clientId, "clients", result.failure)
  const revoked = result.data
  await forgetCaches(context.configDirectory, { clientId, workspaceId: context.connection().workspaceId })
  tellRevoked(context, clientId, revoked)
  warnOfNobodyLeft(context, await environmentsOfNobodyElse(admin, clientId, revoked.environments))
  return undefined
}
