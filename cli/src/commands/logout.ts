/** `halfkey logout`: this device is out, and its key is deleted. */
import { existsSync, readdirSync, rmSync } from "node:fs"
import { join } from "node:path"
import { parseCrn } from "@halfkey/core/formats/crn"
import { HalfkeyError } from "@halfkey/core/formats/errors"
import { Admin, unwrap } from "halfkey/admin"
import type { CommandDefinition } from "../command.ts"
import { profileOptions } from "../connect.ts"
import type { Context } from "../context.ts"
import { requireConfirmation } from "../input/confirm.ts"
import { PendingLogins } from "../login/pending-logins.ts"
import { forgetCaches } from "../offline/forget-caches.ts"
import { environmentsOfNobodyElse, warnOfNobodyLeft } from "../output/revoked-client.ts"
import { type Profile, Profiles } from "../settings/profiles.ts"
import { tokenPath } from "../storage/token-file.ts"

export interface LogoutOptions {
  readonly local: boolean
}

export const definition: CommandDefinition<LogoutOptions> = {
  environments: "none",
  about: `Revokes this device at the server, at once, and deletes its profile with the key, its access token, and what this machine
remembers of the workspace unless another profile is of the same. Only profiles that halfkey login made can be logged out.
An admin then signs its environments again: halfkey devices revoke ID.`,
  examples: [
    { does: "the device of the default profile", line: "halfkey logout" },
    { does: "where the server is gone for good, in a script", line: "halfkey logout --profile old --local -y" },
  ],
  define: (command) => {
    command.option("--local", "delete the key without telling the server, which goes on knowing the device")
  },
  read: (_, flags) => ({ local: flags["local"] === true }),
}

export async function run(context: Context, { local }: LogoutOptions): Promise<undefined> {
  const profiles = new Profiles(context.configDirectory)
  if (giveUpLogin(context, profiles)) return undefined
  const name = context.settings().profile?.value
  if (name === undefined) {
    const waiting = new PendingLogins(context.configDirectory).list()
    const hints = waiting.map((login) => `halfkey logout --profile ${login}   (gives up a login that waits)`)
    const hint = hints.join("\n") || "--profile NAME"
    throw new HalfkeyError("missing_configuration", "no profile is chosen", { hint })
  }
  const profile = profiles.get(name)
  if (profile.apiKey !== undefined) {
    throw new HalfkeyError("invalid_argument", `profile ${name} is no device's: halfkey login did not make it`, {
      hint: `halfkey clients revoke ${profile.clientId}   (as another admin), then rm ${profiles.pathOf(name)}`,
    })
  }
  const question = local
    ? `Delete the key of profile ${name} without telling the server, which goes on knowing this device?`
    : `Log out of ${profile.workspaceCRN}, and delete the key of profile ${name}?`
  await requireConfirmation(context, question, `profile ${name} is still logged in`)
  const { told, alone } = local ? { told: "was not told", alone: [] } : await leave(context, name, profile)
  await forget(context.configDirectory, profiles, name, profile)
  const revoke = `halfkey devices revoke ${profile.clientId}`
  context.note(`logged out: the key of profile ${name}, its token and what it remembered are deleted`)
  if (told === "revoked it") context.note(`the server ${told}; an admin signs its environments again by: ${revoke}`)
  else {
    context.warn(
      `the server ${told} and still knows this device, so whoever copied the key can use it\n  try: ask an admin to type: ${revoke}`,
    )
  }
  warnOfNobodyLeft(context, alone)
  return undefined
}

/** A login that still waits has no profile, only its key: `--profile` names it. Whether it was one. */
function giveUpLogin(context: Context, profiles: Profiles): boolean {
  const { profile } = context.options
  if (profile === undefined || profiles.find(profile) !== undefined) return false
  const logins = new PendingLogins(context.configDirectory)
  const login = logins.find(profile)
  if (login === undefined) return false
  logins.remove(profile)
  context.note(`the login ${profile} is given up, and its key deleted; it had no access yet`)
  return true
}

/** Throws where the server answers that this device must not leave: it signs who is a member. */
async function leave(context: Context, name: string, profile: Profile) {
  const admin = new Admin(profileOptions(context.configDirectory, name, profile))
  // Asked first: who is out is told nothing any more.
  const alone = await environmentsOfNobodyElse(admin, profile.clientId)
  const left = await admin.devices.leave()
  await admin.close()
  const { code, type } = left.failure ?? {}
  if (type === "NetworkError" || code === "unavailable") return { told: "could not be reached", alone: [] }
  if (code !== "client_revoked") unwrap(left)
  return { told: "revoked it", alone }
}

async function forget(configDirectory: string, profiles: Profiles, name: string, profile: Profile): Promise<void> {
  const { clientId, endpoint, workspaceCRN } = profile
  const { workspaceId, text } = parseCrn(workspaceCRN)
  const owner = { endpoint, workspaceCRN: text, clientId, apiKey: undefined }
  rmSync(tokenPath(configDirectory, owner), { force: true })
  await forgetCaches(configDirectory, { clientId, workspaceId })
  profiles.remove(name)
  // Left by a crash at the end of the login: it holds the same key.
  new PendingLogins(configDirectory).remove(name)
  if (profiles.list().some((other) => isOf(profiles, other, workspaceCRN))) return
  const state = join(configDirectory, "state")
  for (const file of existsSync(state) ? readdirSync(state) : []) {
    if (file.startsWith(`${workspaceId}.`)) rmSync(join(state, file), { force: true })
  }
}

function isOf(profiles: Profiles, name: string, workspaceCRN: string): boolean {
  try {
    return profiles.find(name)?.workspaceCRN === workspaceCRN
  } catch {
    // A damaged one may be of this workspace.
    return true
  }
}
