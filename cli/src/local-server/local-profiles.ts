/** Which profile of this machine fits the server that runs here. */
import { Admin, type Failure } from "halfkey/admin"
import { profileOptions } from "../connect.ts"
import type { Context } from "../context.ts"
import { localProfile, type Profile, type Profiles } from "../settings/profiles.ts"

export interface FittingProfile {
  readonly name: string
  readonly profile: Profile
}

/**
 * The profile that the server at `endpoint` accepts. Profiles of other addresses on this machine are tried only at a server
 * that we started ourselves (`ours`), whose port may have changed: nobody else's gets their API keys.
 */
export async function findFittingProfile(
  context: Context,
  profiles: Profiles,
  endpoint: string,
  ours: boolean,
): Promise<FittingProfile | undefined> {
  const names = profiles.list().sort((a, b) => Number(b === localProfile) - Number(a === localProfile))
  for (const name of names) {
    const profile = profiles.findReadable(name)
    if (profile === undefined || !(profile.endpoint === endpoint || (ours && isLocal(profile.endpoint)))) continue
    if ((await ask(context, name, { ...profile, endpoint })) === undefined) return { name, profile }
  }
  return undefined
}

async function ask(context: Context, name: string, profile: Profile): Promise<Failure | undefined> {
  const admin = new Admin(profileOptions(context.configDirectory, name, profile))
  const { failure } = await admin.workspace()
  await admin.close()
  return failure
}

function isLocal(endpoint: string): boolean {
  return ["127.0.0.1", "localhost", "[::1]"].includes(new URL(endpoint).hostname)
}
