/** `halfkey devices revoke`: a device that waits is rejected; one that is in is out at once, and of every manifest. */
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

export interface DevicesRevokeOptions {
  readonly clientId: string
  readonly rotate: boolean
}

export const definition: CommandDefinition<DevicesRevokeOptions> = {
  environments: "none",
  about: `For a lost laptop: the device is refused from now on, whoever has it. Then each of its environments is signed again without
it; with --rotate they get new keys in the same step, and everything there is sealed again. Interrupted? Type it again.`,
  examples: [
    { does: "a device that waits, or that is in", line: "halfkey devices revoke 6b0c0a52-77d5-8f0e-9c2e-2d1f5c3b9a10" },
    {
      does: "a lost one, with new keys for its environments",
      line: "halfkey devices revoke 6b0c0a52-77d5-8f0e-9c2e-2d1f5c3b9a10 --rotate",
    },
  ],
  define: (command) => {
    command.argument("<client-id>", "the whole id").option("--rotate", "give its environments new keys too")
  },
  read: ([clientId], flags) => ({ clientId: clientIdFrom(clientId), rotate: flags["rotate"] === true }),
}

export async function run(context: Context, { clientId, rotate }: DevicesRevokeOptions): Promise<undefined> {
  context.connection()
  await requireConfirmation(context, `Revoke device ${clientId}?`, `${clientId} was not revoked`)
  const admin = await context.admin()
  const progress = new ProgressLine(context)
  const result = await admin.devices.revoke(clientId, {
    rotate,
    beforeSealing: (plan) => void showSealingPlan(context.streams, plan),
    onProgress: ({ done, environment, total }) => progress.show(`${environment}: sealed again`, done, total),
  })
  progress.end()
  if (result.failure !== undefined) throw await withWaitingManifests(admin, clientId, "devices", result.failure)
  const revoked = result.data
  if (revoked.status === "rejected" && revoked.environments.length === 0) {
    context.note(`${clientId} is rejected; it had no access`)
    return undefined
  }
  await forgetCaches(context.configDirectory, { clientId, workspaceId: context.connection().workspaceId })
  tellRevoked(context, clientId, revoked)
  warnOfNobodyLeft(context, await environmentsOfNobodyElse(admin, clientId, revoked.environments))
  return undefined
}
