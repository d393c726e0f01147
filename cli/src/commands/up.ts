/** `halfkey up`: the server in the foreground; the first time also a workspace, an admin client and the recovery kit. */
import { existsSync } from "node:fs"
import { join, resolve } from "node:path"
import { HalfkeyError } from "@halfkey/core/formats/errors"
import { type CommandDefinition, textFlag } from "../command.ts"
import type { Context } from "../context.ts"
import { usageError } from "../failure.ts"
import { nodeTransport } from "../http/node-transport.ts"
import { listeningEndpoint, reachable } from "../local-server/address.ts"
import { findServer } from "../local-server/find-server.ts"
import { findFittingProfile, realPath } from "../local-server/local-profiles.ts"
import { warnOfMissingKit } from "../local-server/new-workspace.ts"
import { firstStart, prepare, tokenIn } from "../local-server/prepare.ts"
import { probe } from "../local-server/probe.ts"
import { startServer } from "../local-server/server-process.ts"
import { type Profile, Profiles } from "../settings/profiles.ts"
import { ensurePrivateDirectory } from "../storage/private-files.ts"

export interface UpOptions {
  readonly port?: string | undefined
  readonly dataDirectory?: string | undefined
}

export const definition: CommandDefinition<UpOptions> = {
  environments: "none",
  about: `The data is in .halfkey below this directory (HALFKEY_DATA_DIR), the server at http://127.0.0.1:4253 (HALFKEY_HOST,
HALFKEY_PORT). The first start also creates a workspace with the environments production, staging and development,
stores you as its admin in the profile local (local-NAME, where local is that of another data directory), and prints the
recovery kit once. Later starts find the profile by its data directory. The server's log is server.log in the data directory;
warnings and errors are printed. Ctrl-C stops the server, after it has finished what it is doing.`,
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
  const port = portFrom(options.port, env["HALFKEY_PORT"] || "4253")
  const profiles = new Profiles(context.configDirectory)
  const wanted = listeningEndpoint(env["HALFKEY_HOST"] || "127.0.0.1", port, Boolean(env["HALFKEY_TLS_CERT"]))
  const there = port === "0" ? { kind: "nobody" as const } : await probe(nodeTransport(), wanted)
  if (there.kind === "somebody-else") throw taken(port, "another program")
  if (there.kind === "halfkey") {
    // Interrupted between the server's start and the workspace: the token is still in our data directory.
    let isHere = true
    if (there.needsSetup && tokenIn(dataDirectory) !== undefined) {
      await firstStart(context, profiles, wanted, dataDirectory)
    } else {
      const fitting = await findFittingProfile(context, profiles, { endpoint: wanted, dataDirectory, ours: false })
      if (fitting === undefined) throw noProfileFits(port, wanted)
      warnOfMissingKit(context, fitting.name, fitting.profile)
      isHere = servesFrom(dataDirectory, fitting.profile)
    }
    context.note(`the server is running already, at ${wanted}`)
    if (!isHere)
      context.note(
        `its data is not in ${dataDirectory}: HALFKEY_PORT=${Number(port) + 1} with the same command starts another one`,
      )
    return 0
  }
  ensurePrivateDirectory(dataDirectory)
  const serverEnv = { ...env, HALFKEY_DATA_DIR: dataDirectory, HALFKEY_PORT: port }
  const logPath = join(dataDirectory, "server.log")
  const server = await startServer({ program, env: serverEnv, logPath, streams: context.streams })
  const endpoint = reachable(server.endpoint)
  context.note(`serving at ${endpoint}, data in ${dataDirectory}`)
  try {
    await Promise.race([server.ended, prepare(context, profiles, endpoint, dataDirectory)])
  } catch (error) {
    server.stop()
    await server.ended
    throw error
  }
  return server.ended
}

function servesFrom(dataDirectory: string, profile: Profile): boolean {
  if (profile.dataDirectory !== undefined) return profile.dataDirectory === realPath(dataDirectory)
  // Each server holds a file of this name in its data directory.
  return existsSync(join(dataDirectory, "lock"))
}

/** The server would say it as well, but the port is looked at before there is a server. */
function portFrom(flag: string | undefined, variable: string): string {
  const port = flag ?? variable
  if (/^\d{1,5}$/.test(port) && Number(port) <= 65_535) return port
  const from = flag === undefined ? "HALFKEY_PORT" : "--port"
  throw usageError(`${from} is not usable: it must be a whole number from 0 to 65535`, "--port 4253, the default")
}

/** Somebody else's server, or our own: then the profile is elsewhere, or a crash took it before it was stored. */
function noProfileFits(port: string, endpoint: string): HalfkeyError {
  return new HalfkeyError(
    "port_in_use",
    `the port ${port} is taken by a Halfkey server that no profile of this machine fits`,
    {
      hint:
        `HALFKEY_PORT=${Number(port) + 1} with the same command, if that server is not yours\n` +
        "HALFKEY_CONFIG_DIR=<where the profile is>, if it is\n" +
        `halfkey-server setup-token, then halfkey init --endpoint ${endpoint}, for a further workspace on it`,
    },
  )
}

function taken(port: string, by: string): HalfkeyError {
  return new HalfkeyError("port_in_use", `the port ${port} is taken by ${by}`, {
    hint: `HALFKEY_PORT=${Number(port) + 1} with the same command`,
  })
}
