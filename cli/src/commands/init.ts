/** `halfkey init`: a workspace on a server that runs elsewhere. All its keys are made on this machine. */
import { hostname } from "node:os"
import { type CommandDefinition, textFlag } from "../command.ts"
import type { Context } from "../context.ts"
import { usageError } from "../failure.ts"
import { readSecretFile } from "../input/secret-file.ts"
import { cleanSetupToken, makeWorkspace } from "../local-server/new-workspace.ts"
import { normalizeEndpoint, profileNameOf } from "../settings/endpoint.ts"
import { Profiles } from "../settings/profiles.ts"
import { variables } from "../settings/resolve.ts"

export interface InitOptions {
  readonly setupTokenFile?: string | undefined
  readonly label?: string | undefined
  readonly saveProfile?: string | undefined
}

export const definition: CommandDefinition<InitOptions> = {
  environments: "none",
  about: `The server wrote its one-time setup token to the file setup-token in its data directory. The command asks for it,
hidden, or reads it from --setup-token-file (- for stdin). It creates the environments production, staging and
development, stores you as the admin in a profile, and prints the recovery kit once.`,
  examples: [
    { does: "ask for the token", line: "halfkey init --endpoint https://halfkey.example.com" },
    {
      does: "take it over SSH, and choose the profile's name",
      line: "ssh server cat /var/lib/halfkey/setup-token | halfkey init --endpoint https://halfkey.example.com --setup-token-file - --save-profile work",
    },
  ],
  define: (command) => {
    command
      .option("--setup-token-file <file>", "file with the server's setup token; - for stdin")
      .option("--label <label>", "label of the admin client; else it names this machine")
      .option("--save-profile <profile>", "name of the profile; else the server's host name")
  },
  read: (_, flags) => ({
    setupTokenFile: textFlag(flags, "setupTokenFile"),
    label: textFlag(flags, "label"),
    saveProfile: textFlag(flags, "saveProfile"),
  }),
}

export async function run(context: Context, options: InitOptions): Promise<undefined> {
  const given = context.options.endpoint ?? context.env[variables.endpoint]
  if (!given) throw usageError("no server was named", "--endpoint https://halfkey.example.com")
  const endpoint = normalizeEndpoint(given, context.options.endpoint === undefined ? variables.endpoint : "--endpoint")
  const profile = options.saveProfile ?? profileNameOf(endpoint)
  const profiles = new Profiles(context.configDirectory)
  profiles.requireNew(profile)
  const setupToken = cleanSetupToken(await tokenText(context, options.setupTokenFile))
  const label = options.label ?? `admin on ${hostname().slice(0, 60) || "this machine"}`
  const { workspaceCRN } = await makeWorkspace(context, profiles, { endpoint, setupToken, label, profile })
  const use = profiles.default() === profile ? "" : `; use --profile ${profile}`
  context.note(`created ${workspaceCRN} with production, staging and development`)
  context.note(`you are its admin, stored as profile ${profile}${use}`)
  return undefined
}

async function tokenText(context: Context, file: string | undefined): Promise<string> {
  if (file === "-" && !context.streams.stdinIsTerminal)
    return new TextDecoder().decode(await context.streams.readAll(4096))
  if (file !== undefined && file !== "-") return readSecretFile(file, "setup token")
  if (!context.prompts.allowed) throw usageError("no setup token was given", "--setup-token-file FILE")
  return new TextDecoder().decode(await context.prompts.hidden("Setup token of the server"))
}
