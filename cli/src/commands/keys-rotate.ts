/** `halfkey keys rotate`: a new API key in the place of one; profiles of this machine that use it are given the new one. */
import { rmSync } from "node:fs"
import { Admin, type RotatedApiKey, unwrap } from "halfkey/admin"
import { type CommandDefinition, textFlag } from "../command.ts"
import { clientOptions } from "../connect.ts"
import type { Context } from "../context.ts"
import { usageError } from "../failure.ts"
import { apiKeyIdFrom } from "../input/api-key-id.ts"
import { requireConfirmation } from "../input/confirm.ts"
import { spanMs } from "../input/time.ts"
import { printCredentials } from "../output/credentials.ts"
import { Profiles } from "../settings/profiles.ts"
import { tokenPath } from "../storage/token-file.ts"

export interface KeysRotateOptions {
  readonly id: string
  readonly overlapSeconds: number
}

/** The key that asks for its own end must live until its successor is stored: the answer could be lost. */
const ownOverlapSeconds = 15 * 60

export const definition: CommandDefinition<KeysRotateOptions> = {
  environments: "none",
  formats: ["json", "env", "yaml"],
  about: `Prints the new key once, as keys create does: of the same role, client and label, narrowed in the same way, its expiry included.
The old key works on for the overlap, so that the new one can be brought everywhere; with --overlap 0 it stops at once.
Profiles of this machine that use the old key use the new one from then on.`,
  examples: [
    { does: "both keys work for a day", line: "halfkey keys rotate 3k5v6w2o4ab7cdqz" },
    { does: "a key that others may know", line: "halfkey keys rotate 3k5v6w2o4ab7cdqz --overlap 0 -y" },
    { does: "for a secret store of a CI", line: "halfkey keys rotate 3k5v6w2o4ab7cdqz --overlap 1h -o env" },
  ],
  define: (command) => {
    command
      .argument("<key-id>", "16 characters: the middle part of hkak_…_…")
      .option("--overlap <time>", "how long the old key works beside the new one: 24h, 30m or 0", "24h")
  },
  read: ([id], flags) => ({ id: apiKeyIdFrom(id), overlapSeconds: overlapFrom(textFlag(flags, "overlap") ?? "24h") }),
}

function overlapFrom(text: string): number {
  const ms = text === "0" ? 0 : spanMs(text)
  if (ms !== undefined && ms <= 30 * 86_400_000) return ms / 1000
  throw usageError(`--overlap cannot be ${JSON.stringify(text)}`, "--overlap 24h, or 0; at most 30d")
}

export async function run(context: Context, { id, overlapSeconds }: KeysRotateOptions): Promise<undefined> {
  const { apiKey, workspaceCRN } = context.connection()
  const profiles = new Profiles(context.configDirectory)
  const users = profiles.using(workspaceCRN, id)
  if (overlapSeconds === 0) {
    await requireConfirmation(context, `Rotate API key ${id}, so that it stops at once?`, `${id} was not rotated`)
  }
  // A key that cannot be stored is not made.
  for (const name of users) profiles.requireWritable(name)
  const endsItself = overlapSeconds === 0 && apiKey?.startsWith(`hkak_${id}_`) === true
  const admin = await context.admin()
  const overlap = { overlapSeconds: endsItself ? ownOverlapSeconds : overlapSeconds }
  const made = unwrap(await admin.apiKeys.rotate(id, overlap))
  for (const name of users) {
    const profile = profiles.get(name)
    profiles.save(name, { ...profile, apiKey: made.secret })
    // Nobody here uses it any more.
    rmSync(tokenPath(context.configDirectory, { ...profile, apiKey: profile.apiKey }), { force: true })
  }
  await print(context, made)
  context.note("the new key is not shown again")
  for (const name of users) context.note(`profile ${name} uses it from now on`)
  if (endsItself) await revokeAs(context, made)
  const isOver = overlapSeconds === 0
  context.note(`the API key ${id} ${isOver ? "does not work any more" : `works until ${made.rotated.expiresAt}`}`)
  return undefined
}

function print(context: Context, { apiKey, secret, rotated }: RotatedApiKey): Promise<void> {
  const { id, label, role, clientId, expiresAt } = apiKey
  const facts = { id, label, role, clientId, expiresAt, rotated: { id: rotated.id, expiresAt: rotated.expiresAt } }
  return printCredentials(context, { CS_CLIENT_ACCESS_KEY: secret }, facts)
}

/** By the new key, which proves that it works. */
async function revokeAs(context: Context, { secret, rotated }: RotatedApiKey): Promise<void> {
  const connection = { ...context.connection(), apiKey: secret }
  const admin = new Admin(clientOptions(connection, context.settings(), context.configDirectory))
  const { failure } = await admin.apiKeys.revoke(rotated.id)
  await admin.close()
  if (failure === undefined) return
  context.warn(`the API key ${rotated.id} works until ${rotated.expiresAt}: it could not be revoked with the new key`)
  unwrap({ failure })
}
