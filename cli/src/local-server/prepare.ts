/** What this machine needs to use the server that it has just started: a workspace and a profile. */
import { readFileSync } from "node:fs"
import { hostname } from "node:os"
import { join } from "node:path"
import { HalfkeyError } from "@halfkey/core/formats/errors"
import type { Context } from "../context.ts"
import { nodeTransport } from "../http/node-transport.ts"
import type { Profiles } from "../settings/profiles.ts"
import { findFittingProfile, newProfileName, realPath } from "./local-profiles.ts"
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
  return laterStart(context, profiles, endpoint, dataDirectory)
}

/** Creates the workspace, and its profile beside those of other data directories. */
export async function firstStart(
  context: Context,
  profiles: Profiles,
  endpoint: string,
  dataDirectory: string,
): Promise<void> {
  const setupToken = tokenIn(dataDirectory)
  if (setupToken === undefined) throw noToken(dataDirectory)
  const place = realPath(dataDirectory)
  const profile = newProfileName(context, profiles, place)
  const label = `admin on ${hostname().slice(0, 60) || "this machine"}`
  const made = await makeWorkspace(context, profiles, { endpoint, setupToken, label, profile, dataDirectory: place })
  makeDefault(context, profiles, profile)
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
async function laterStart(
  context: Context,
  profiles: Profiles,
  endpoint: string,
  dataDirectory: string,
): Promise<void> {
  const fitting = await findFittingProfile(context, profiles, { endpoint, dataDirectory, ours: true })
  if (fitting === undefined) {
    context.streams.err(
      "halfkey: no profile of this machine fits the workspaces of this server; it serves all the same\n" +
        "  try: HALFKEY_CONFIG_DIR=<where the profile is>, or an admin's halfkey clients create … --save-profile\n" +
        "  try: halfkey-server setup-token, then halfkey init, for a further workspace\n",
    )
    return
  }
  const { name, profile } = fitting
  const place = realPath(dataDirectory)
  if (profile.endpoint !== endpoint || profile.dataDirectory !== place) {
    profiles.save(name, { ...profile, endpoint, dataDirectory: place })
  }
  warnOfMissingKit(context, name, profile)
  // Among servers of this machine, the one that is started is the one that is meant; no other default is touched.
  const before = profiles.default()
  const isOurs = before !== undefined && profiles.findReadable(before)?.dataDirectory !== undefined
  if (isOurs) makeDefault(context, profiles, name)
  const use = profiles.default() === name ? "" : `; use --profile ${name}`
  context.note(`workspace ${profile.workspaceCRN}, profile ${name}${use}`)
}

function makeDefault(context: Context, profiles: Profiles, name: string): void {
  const before = profiles.default()
  if (before === name) return
  profiles.setDefault(name)
  if (before === undefined) return
  context.note(`the default profile is now ${name}, no longer ${before}: use --profile ${before} for that one`)
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
