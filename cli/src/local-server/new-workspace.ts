/** Creates a workspace on this machine and stores its first admin as a profile: for `up` and `init`. */
import { HalfkeyError } from "@halfkey/core/formats/errors"
import { createWorkspace, unwrap } from "halfkey/admin"
import type { Context } from "../context.ts"
import { nodeTransport } from "../http/node-transport.ts"
import type { Profile, Profiles } from "../settings/profiles.ts"
import { recoveryKitBox } from "./recovery-kit.ts"

export interface NewWorkspaceOptions {
  readonly endpoint: string
  readonly setupToken: string
  /** Label of the first admin client. */
  readonly label: string
  /** Name of the profile: it must not exist. */
  readonly profile: string
  /** Of the server, where it is ours. */
  readonly dataDirectory?: string
}

/** Making the keys of three environments takes a second or two on a slow machine. */
const timeoutMs = 60_000

/**
 * In this order, so that a crash loses nothing silently:
 * 1. The profile can be written: checked before anything is made.
 * 2. The server creates the workspace and takes back the token. A crash from here on leaves a workspace that is empty and
 *    that nobody can open; a new token (`halfkey-server setup-token`) makes another one.
 * 3. The profile is stored, durably, with a mark that the kit was not shown. A crash from here on is told at the next start.
 * 4. The kit is printed, and the mark goes.
 */
export async function makeWorkspace(
  context: Context,
  profiles: Profiles,
  options: NewWorkspaceOptions,
): Promise<Profile> {
  const { endpoint, setupToken, label, profile: name, dataDirectory } = options
  profiles.requireNew(name)
  const made = unwrap(await createWorkspace({ endpoint, setupToken, label, timeoutMs, transport: nodeTransport() }))
  const { workspaceCRN, clientId, clientKey, apiKey, recoveryKit } = made
  const place = dataDirectory === undefined ? undefined : { dataDirectory }
  const profile: Profile = { endpoint, workspaceCRN, clientId, clientKey, apiKey, ...place }
  profiles.save(name, { ...profile, recoveryKitPending: true })
  context.streams.out(recoveryKitBox(workspaceCRN, recoveryKit))
  profiles.save(name, profile)
  return profile
}

/** Tells, for as long as it is so, that nobody holds the kit of a workspace. */
export function warnOfMissingKit(context: Context, name: string, profile: Profile): void {
  if (!profile.recoveryKitPending) return
  context.streams.err(
    `halfkey: the recovery kit of ${profile.workspaceCRN} was never shown, since its creation was interrupted: nobody holds it\n` +
      `  try: a new workspace (halfkey-server setup-token, then halfkey init) before you keep anything in profile ${name}\n`,
  )
}

/** A setup token without the white space that copying adds. Throws `invalid_setup_token` for what cannot be one. */
export function cleanSetupToken(text: string): string {
  const token = text.trim()
  if (token.startsWith("hkst_")) return token
  throw new HalfkeyError("invalid_setup_token", "the setup token is not usable: it must start with hkst_", {
    hint: "the server wrote it to the file setup-token in its data directory",
  })
}
