/** Where `halfkey login` logs in to: the workspace, the server, and the name that it gets on this machine. */
import { parseCrn } from "@halfkey/core/formats/crn"
import { HalfkeyError } from "@halfkey/core/formats/errors"
import type { Context } from "../context.ts"
import { usageError } from "../failure.ts"
import { defaultEndpointOf, normalizeEndpoint, profileNameOf } from "../settings/endpoint.ts"
import { findHalfkeyFile } from "../settings/halfkey-file.ts"
import type { Profiles } from "../settings/profiles.ts"
import { variables } from "../settings/resolve.ts"
import type { PendingLogins } from "./pending-logins.ts"

export interface LoginTarget {
  readonly workspaceCRN: string
  readonly endpoint: string
  readonly profile: string
}

/**
 * The workspace as named, by a variable or by halfkey.json; the server only as the person names it or by default: a file
 * that is committed must not decide to whom this machine introduces itself. Throws usage errors.
 */
export function loginTarget(context: Context, named: string | undefined, logins: PendingLogins): LoginTarget {
  const { cwd, env, options } = context
  const file = findHalfkeyFile(cwd)
  const given = named ?? (env[variables.workspaceCRN] || file?.workspaceCRN)
  const typed = options.endpoint ?? (env[variables.endpoint] || undefined)
  const waiting = typed === undefined ? waitingLogin(context, given && parseCrn(given).text, logins) : undefined
  if (waiting !== undefined) return waiting
  if (given === undefined)
    throw usageError("no workspace was named", "halfkey login crn:…   (an admin's `whoami` shows it)")
  const workspaceCRN = parseCrn(given).text
  const from = options.endpoint === undefined ? variables.endpoint : "--endpoint"
  const endpoint = typed === undefined ? defaultEndpointOf(workspaceCRN) : normalizeEndpoint(typed, from)
  if (endpoint === undefined) {
    const suggested = file?.endpoint
    throw usageError(
      "no server was named",
      suggested ? `--endpoint ${suggested}, if you trust that server` : "--endpoint https://halfkey.example.com",
    )
  }
  return { workspaceCRN, endpoint, profile: options.profile ?? profileNameOf(endpoint) }
}

/** The login that Ctrl-C interrupted, by as much as is typed again: its server was named then, by the same person. */
function waitingLogin({ options }: Context, workspaceCRN: string | undefined, logins: PendingLogins) {
  const found = (options.profile === undefined ? logins.list() : [options.profile]).flatMap((profile) => {
    const login = logins.find(profile)
    if (login === undefined || (workspaceCRN ?? login.workspaceCRN) !== login.workspaceCRN) return []
    return [{ workspaceCRN: login.workspaceCRN, endpoint: login.endpoint, profile }]
  })
  if (found.length > 1) {
    const lines = found.map(({ endpoint, profile }) => `halfkey login --profile ${profile}   (at ${endpoint})`)
    throw usageError("several logins wait on this machine", lines.join("\n"))
  }
  return found[0]
}

/** Throws `already_exists` where the profile is taken; what cannot be kept is not begun. */
export function requireRoom(profiles: Profiles, { profile: name, workspaceCRN }: LoginTarget): void {
  const profile = profiles.find(name)
  if (profile !== undefined && profile.apiKey === undefined && profile.workspaceCRN === workspaceCRN) {
    throw new HalfkeyError("already_exists", `this device is logged in to that workspace already, as profile ${name}`, {
      hint: `halfkey whoami --profile ${name}\nhalfkey logout --profile ${name}   (and log in again)`,
    })
  }
  if (profile !== undefined) {
    throw new HalfkeyError("already_exists", `there is a profile ${name} already`, {
      hint: "--profile NAME, with another name",
    })
  }
  profiles.requireWritable(name)
}
