/** What this machine needs to use the server that it has just started: a workspace and a profile. */
import { readFileSync } from "node:fs"
import { hostname } from "node:os"
import { join } from "node:path"
import { parseCrn } from "@halfkey/core/formats/crn"
import { HalfkeyError } from "@halfkey/core/formats/errors"
import type { Context } from "../context.ts"
import { nodeTransport } from "../http/node-transport.ts"
import { localProfile, type Profiles } from "../settings/profiles.ts"
import { findFittingProfile } from "./local-profiles.ts"
import { makeWorkspace, warnOfMissingKit } from "./new-workspace.ts"
import { probe } from "./probe.ts"

/** Creates the workspace where there is none, else finds the profile for it. Says what was done, and what to do. */
export async function prepare(
  context: Context,
  profiles: Profiles,
  endpoint: string,
  dataDirectory: string,
): Promise<void> {
  const answer = await probe(nodeTransport(), endpoint)
  if (answer.kind !== "halfkey") return tellUnreachable(context, endpoint, dataDirectory)
  if (answer.needsSetup) return firstStart(context, profiles, endpoint, dataDirectory)
  return laterStart(context, profiles, endpoint)
}

/** Creates the workspace. A profile `local` of an earlier server is kept under another name. */
export async function firstStart(
  context: Context,
  profiles: Profiles,
  endpoint: string,
  dataDirectory: string,
): Promise<void> {
  const setupToken = tokenIn(dataDirectory)
  if (setupToken === undefined) throw noToken(dataDirectory)
  const earlier = profiles.find(localProfile)
  if (earlier !== undefined) {
    const name = `${localProfile}-${parseCrn(earlier.workspaceCRN).workspaceId.slice(0, 8).toLowerCase()}`
    profiles.rename(localProfile, name)
    context.note(`the profile ${localProfile} of an earlier workspace is now called ${name}`)
  }
  const label = `admin on ${hostname().slice(0, 60) || "this machine"}`
  const made = await makeWorkspace(context, profiles, { endpoint, setupToken, label, profile: localProfile })
  const before = profiles.default()
  profiles.setDefault(localProfile)
  if (before !== undefined && before !== localProfile) {
    context.note(
      `the default profile is now ${localProfile}, no longer ${before}: use --profile ${before} for that one`,
    )
  }
  context.note(`created ${made.workspaceCRN} with production, staging and development; you are its admin`)
  const halfkey = context.env["npm_command"] === undefined ? "halfkey" : "npx halfkey"
  const lines = [
    `${halfkey} secrets set DATABASE_URL -e development      # asks for the value, hidden; or reads it from a pipe`,
    `${halfkey} secrets get DATABASE_URL -e development`,
    `${halfkey} run -e development -- node app.js`,
  ]
  context.streams.err(
    `\nTry next, in another terminal:\n\n${lines.map((line) => `  ${line}\n`).join("")}\nCtrl-C stops the server.\n`,
  )
}

/** Finds the profile for the workspace that is there; follows the server to another port. */
async function laterStart(context: Context, profiles: Profiles, endpoint: string): Promise<void> {
  const fitting = await findFittingProfile(context, profiles, endpoint, true)
  if (fitting === undefined) {
    context.streams.err(
      "halfkey: no profile of this machine fits the workspaces of this server; it serves all the same\n" +
        "  try: HALFKEY_CONFIG_DIR=<where the profile is>, or an admin's halfkey clients create … --save-profile\n" +
        "  try: halfkey-server setup-token, then halfkey init, for a further workspace\n",
    )
    return
  }
  const { name, profile } = fitting
  if (profile.endpoint !== endpoint) profiles.save(name, { ...profile, endpoint })
  warnOfMissingKit(context, name, profile)
  const use = name === localProfile ? "" : `; use --profile ${name}`
  context.note(`workspace ${profile.workspaceCRN}, profile ${name}${use}`)
}

/** With TLS, this machine may not know the certificate's authority, or the certificate is for another name. */
function tellUnreachable(context: Context, endpoint: string, dataDirectory: string): void {
  context.streams.err(
    `halfkey: this machine does not get through to ${endpoint}, so no workspace was made or found; it serves all the same\n` +
      "  try: NODE_EXTRA_CA_CERTS=<the authority's certificate> with the same command\n" +
      `  try: halfkey init --endpoint https://<name of the certificate> --setup-token-file ${join(dataDirectory, "setup-token")}\n`,
  )
}

export function tokenIn(dataDirectory: string): string | undefined {
  try {
    return readFileSync(join(dataDirectory, "setup-token"), "utf8").trim()
  } catch {
    return undefined
  }
}

function noToken(dataDirectory: string): HalfkeyError {
  return new HalfkeyError("missing_configuration", `there is no setup token in ${dataDirectory}`, {
    hint: "halfkey-server setup-token, then halfkey up again",
  })
}
