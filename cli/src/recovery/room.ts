/** Whether there is room for the profile of a recovery, before anybody loses anything. */
import { HalfkeyError } from "@halfkey/core/formats/errors"
import { Admin } from "halfkey/admin"
import { profileOptions } from "../connect.ts"
import type { Context } from "../context.ts"
import type { Profiles } from "../settings/profiles.ts"

/**
 * Throws `already_exists` for a name that is taken. Repeated after it was killed, the command may have its profile already: then
 * it says that nothing is left to recover.
 */
export async function requireRoom(context: Context, profiles: Profiles, name: string): Promise<void> {
  const profile = profiles.find(name)
  if (profile === undefined) return profiles.requireNew(name)
  const other = "--save-profile NAME   (to recover once more, with another name)"
  const admin = new Admin(profileOptions(context.configDirectory, name, profile))
  const { data } = await admin.workspace()
  await admin.close()
  if (!data?.granters.some(({ clientId }) => clientId === profile.clientId)) {
    throw new HalfkeyError("already_exists", `there is a profile ${name} already`, { hint: other })
  }
  const use = profiles.default() === name ? `halfkey whoami --profile ${name}` : `halfkey config use ${name}`
  throw new HalfkeyError(
    "already_exists",
    `there is a profile ${name} already, and it works: it is a granter of ${profile.workspaceCRN}; nothing is left to recover`,
    { hint: `${use}\n${other}` },
  )
}
