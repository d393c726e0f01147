/** `halfkey clients revoke`: the server refuses the client at once; then every environment is signed again without it. */
import { unwrap } from "halfkey/admin"
import type { CommandDefinition } from "../command.ts"
import type { Context } from "../context.ts"
import { clientIdFrom } from "../input/client-id.ts"
import { requireConfirmation } from "../input/confirm.ts"

export interface ClientsRevokeOptions {
  readonly clientId: string
}

export const definition: CommandDefinition<ClientsRevokeOptions> = {
  environments: "none",
  about: `What the client has read already stays known to it: replace those secrets. Interrupted? Type it again; the command
goes on where it stopped.`,
  examples: [
    { does: "after a question", line: "halfkey clients revoke 6b0c0a52-77d5-8f0e-9c2e-2d1f5c3b9a10" },
    { does: "in a script", line: "halfkey clients revoke 6b0c0a52-77d5-8f0e-9c2e-2d1f5c3b9a10 -y" },
  ],
  define: (command) => {
    command.argument("<client-id>", "the whole id")
  },
  read: ([clientId]) => ({ clientId: clientIdFrom(clientId) }),
}

export async function run(context: Context, { clientId }: ClientsRevokeOptions): Promise<undefined> {
  context.connection()
  await requireConfirmation(context, `Revoke client ${clientId}?`, `${clientId} was not revoked`)
  const admin = await context.admin()
  const { environments } = unwrap(await admin.clients.revoke(clientId))
  const where = environments.length === 0 ? "" : `; signed again without it: ${environments.join(", ")}`
  context.note(`${clientId} has no access any more${where}`)
  context.note("what it has read stays known to it: replace those secrets")
  return undefined
}
