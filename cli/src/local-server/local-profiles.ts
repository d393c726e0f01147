/** Which profile of this machine fits the server that runs here. */
import { realpathSync } from "node:fs"
import { basename, dirname } from "node:path"
import { parseCrn } from "@halfkey/core/formats/crn"
import { Admin, type Failure } from "halfkey/admin"
import { profileOptions } from "../connect.ts"
import type { Context } from "../context.ts"
import { isLocalHost } from "../http/local-host.ts"
import { localProfile, type Profile, type Profiles } from "../settings/profiles.ts"

export interface FittingProfile {
  readonly name: string
  readonly profile: Profile
}

export interface ServedPlace {
  readonly endpoint: string
  readonly dataDirectory: string
  /** Whether we started the server ourselves. */
  readonly ours: boolean
}

/**
 * The profile that the server accepts: that of its data directory first, those of other ones last, since a directory may have been
 * moved. Profiles of other addresses on this machine are tried only at a server that is ours, whose port may have
 * changed: nobody else's gets their API keys.
 */
export async function findFittingProfile(
  context: Context,
  profiles: Profiles,
  { endpoint, dataDirectory, ours }: ServedPlace,
): Promise<FittingProfile | undefined> {
  const place = realPath(dataDirectory)
  const likely = profiles.list().flatMap((name) => {
    const profile = profiles.findReadable(name)
    if (
      profile === undefined ||
      !(profile.endpoint === endpoint || (ours && isLocalHost(new URL(profile.endpoint).hostname)))
    )
      return []
    const distance = profile.dataDirectory === place ? 0 : profile.dataDirectory === undefined ? 2 : 4
    return [{ name, profile, rank: distance + (name === localProfile ? 0 : 1) }]
  })
  for (const { name, profile } of likely.sort((a, b) => a.rank - b.rank)) {
    if ((await ask(context, name, { ...profile, endpoint })) === undefined) return { name, profile }
  }
  return undefined
}

/**
 * A free name for the profile of a new workspace there: `local`, or where another server of this machine has that, a name
 * from the directory's. The profile of an earlier workspace that was there, whose data is gone, is kept under another name.
 */
export function newProfileName(context: Context, profiles: Profiles, dataDirectory: string): string {
  // Names that a person chose stay.
  const ownNames = profiles.list().filter((name) => name === localProfile || name.startsWith(`${localProfile}-`))
  const earlier = ownNames.find((name) => profiles.findReadable(name)?.dataDirectory === dataDirectory)
  if (earlier !== undefined) {
    const { workspaceId } = parseCrn(profiles.get(earlier).workspaceCRN)
    const kept = `${earlier.slice(0, 50)}-${workspaceId.slice(0, 8).toLowerCase()}`
    profiles.rename(earlier, kept)
    context.note(`the profile ${earlier} of an earlier workspace is now called ${kept}`)
    return earlier
  }
  const taken = profiles.list()
  if (!taken.includes(localProfile)) return localProfile
  const base = `${localProfile}-${directoryName(dataDirectory)}`
  for (let number = 2, name = base; ; name = `${base}-${number++}`) if (!taken.includes(name)) return name
}

/** `.halfkey` is the usual name, so that of the project around it tells more. */
function directoryName(dataDirectory: string): string {
  const last = basename(dataDirectory)
  const name = last.startsWith(".") ? basename(dirname(dataDirectory)) : last
  return name.replaceAll(/[^A-Za-z0-9._-]+/g, "-").slice(0, 40) || "data"
}

/** One directory has one path, whatever links lead to it. */
export function realPath(path: string): string {
  try {
    return realpathSync(path)
  } catch {
    return path
  }
}

async function ask(context: Context, name: string, profile: Profile): Promise<Failure | undefined> {
  const admin = new Admin(profileOptions(context.configDirectory, name, profile))
  const { failure } = await admin.workspace()
  await admin.close()
  return failure
}
