/** `halfkey keys revoke`. */
import { unwrap } from "halfkey/admin"
import type { CommandDefinition } from "../command.ts"
import type { Context } from "../context.ts"
import { apiKeyIdFrom } from "../input/api-key-id.ts"
import { requireConfirmation } from "../input/confirm.ts"

export interface KeysRevokeOptions {
  readonly id: string
}

export const definition: CommandDefinition<KeysRevokeOptions> = {
  environments: "none",
  about: "Tokens that were issued for the key stop working at once as well.",
  examples: [
    { does: "after a question", line: "halfkey keys revoke 3k5v6w2o4ab7cdqz" },
    { does: "in a script", line: "halfkey keys revoke 3k5v6w2o4ab7cdqz -y" },
  ],
  define: (command) => {
    command.argument("<key-id>", "16 characters: the middle part of hkak_…_…")
  },
  read: ([id]) => ({ id: apiKeyIdFrom(id) }),
}

export async function run(context: Context, { id }: KeysRevokeOptions): Promise<undefined> {
  context.connection()
  await requireConfirmation(context, `Revoke API key ${id}?`, `${id} was not revoked`)
  const admin = await context.admin()
  unwrap(await admin.apiKeys.revoke(id))
  context.note(`the API key ${id} does not work any more`)
  return undefined
}
