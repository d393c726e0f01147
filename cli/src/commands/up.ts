/** `halfkey up`: the server in the foreground; the first time also a workspace, an admin client and the recovery kit. */
import { readFileSync } from "node:fs"
import { hostname } from "node:os"
import { join, resolve } from "node:path"
import { parseCrn } from "@halfkey/core/formats/crn"
import { HalfkeyError } from "@halfkey/core/formats/errors"
import { type CommandDefinition, textFlag } from "../command.ts"
import type { Context } from "../context.ts"
import { nodeTransport } from "../http/node-transport.ts"
import { listeningEndpoint, reachable } from "../local-server/address.ts"
import { findServer } from "../local-server/find-server.ts"
import { findFittingProfile } from "../local-server/local-profiles.ts"
import { makeWorkspace, warnOfMissingKit } from "../local-server/new-workspace.ts"
import { probe } from "../local-server/probe.ts"
import { startServer } from "../local-server/server-process.ts"
import { localProfile, Profiles } from "../settings/profiles.ts"
import { ensurePrivateDirectory } from "../storage/private-files.ts"

export interface UpOptions {
  readonly port?: string | undefined
  readonly dataDirectory?: string | undefined
}

export const definition: CommandDefinition<UpOptions> = {
  environments: "none",
  about: `The data is in .halfkey below this directory (HALFKEY_DATA_DIR), the server at http://127.0.0.1:4253 (HALFKEY_HOST,
HALFKEY_PORT). The first start also creates a workspace with the environments production, staging and development,
stores you as its admin in the profile local, and prints the recovery kit once. The server's log is server.log in the
data directory; warnings and errors are printed. Ctrl-C stops the server, after it has finished what it is doing.`,
  examples: [
    { does: "start here", line: "halfkey up" },
    { does: "on another port, with the data elsewhere", line: "halfkey up --port 4300 --data-dir ~/halfkey-data" },
  ],
  define: (command) => {
    command
      .option("--port <port>", "port of the server; else HALFKEY_PORT, else 4253")
      .option("--data-dir <directory>", "where the data is; else HALFKEY_DATA_DIR, else .halfkey")
  },
  read: (_, flags) => ({ port: textFlag(flags, "port"), dataDirectory: textFlag(flags, "dataDir") }),
}

export async function run(context: Context, options: UpOptions): Promise<number> {
  const { env, cwd } = context
  const program = findServer()
  const dataDirectory = resolve(cwd, options.dataDirectory ?? (env["HALFKEY_DATA_DIR"] || ".halfkey"))
  const port = options.port ?? (env["HALFKEY_PORT"] || "4253")
  const profiles = new Profiles(context.configDirectory)
  const wanted = listeningEndpoint(env["HALFKEY_HOST"] || "127.0.0.1", port, Boolean(env["HALFKEY_TLS_CERT"]))
  const there = port === "0" ? { kind: "nobody" as const } : await probe(nodeTransport(), wanted)
  if (there.kind === "somebody-else") throw taken(port, "another program")
  if (there.kind === "halfkey") {
    // Interrupted between the server's start and the workspace: the token is still in our data directory.
    if (there.needsSetup && tokenIn(dataDirectory) !== undefined) {
      await firstStart(context, profiles, wanted, dataDirectory)
    } else if ((await findFittingProfile(context, profiles, wanted, false)) === undefined) {
      throw taken(port, "a Halfkey server that no profile of this machine fits")
    }
    context.note(`the server is running already, at ${wanted}`)
    return 0
  }
  ensurePrivateDirectory(dataDirectory)
  const serverEnv = { ...env, HALFKEY_DATA_DIR: dataDirectory, HALFKEY_PORT: port }
  const logPath = join(dataDirectory, "server.log")
  const server = await startServer({ program, env: serverEnv, logPath, streams: context.streams })
  const endpoint = reachable(server.endpoint)
  context.note(`serving at ${endpoint}, data in ${dataDirectory}`)
  const answer = await probe(nodeTransport(), endpoint)
  const needsSetup = answer.kind === "halfkey" && answer.needsSetup
  const prepared = needsSetup
    ? firstStart(context, profiles, endpoint, dataDirectory)
    : laterStart(context, profiles, endpoint)
  try {
    await Promise.race([server.ended, prepared])
  } catch (error) {
    server.stop()
    await server.ended
    throw error
  }
  return server.ended
}

/** Creates the workspace. A profile `local` of an earlier server is kept under another name. */
async function firstStart(
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
  profiles.setDefault(localProfile)
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

function tokenIn(dataDirectory: string): string | undefined {
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

function taken(port: string, by: string): HalfkeyError {
  return new HalfkeyError("port_in_use", `the port ${port} is taken by ${by}`, {
    hint: `HALFKEY_PORT=${Number(port) + 1} with the same command`,
  })
}
