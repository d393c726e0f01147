/** `halfkey config explain`: each setting, and where it came from. Offline; keys are never shown, not even in part. */
import { existsSync, readdirSync } from "node:fs"
import { join } from "node:path"
import { HalfkeyError } from "@halfkey/core/formats/errors"
import { parseApiKey, parseClientKey } from "@halfkey/core/formats/text-keys"
import type { CommandDefinition } from "../command.ts"
import type { Context } from "../context.ts"
import { printRows } from "../output/formats.ts"
import type { Connection } from "../settings/load.ts"
import { Profiles } from "../settings/profiles.ts"
import type { Setting, Settings } from "../settings/resolve.ts"
import { listCaches } from "../storage/cache-files.ts"
import { loadToken, tokenPath } from "../storage/token-file.ts"

export const definition: CommandDefinition<undefined> = {
  environments: "one",
  formats: ["table", "json", "yaml", "tsv"],
  about: `Settings are taken from, in this order: a flag, a variable, halfkey.json in this directory or above it, the profile,
a default. --profile puts the profile before the variables. Client id, client key and API key come together: all from
variables, or all from the profile.`,
  examples: [
    { does: "where each setting comes from", line: "halfkey config explain" },
    { does: "the same for another profile", line: "halfkey config explain --profile work" },
  ],
  define: () => {},
  read: () => undefined,
}

const columns = [
  { key: "setting", title: "SETTING" },
  { key: "value", title: "VALUE" },
  { key: "source", title: "SOURCE" },
  { key: "from", title: "FROM" },
]

export async function run(context: Context): Promise<undefined> {
  const settings = context.settings()
  const row = (setting: string, found: Setting | undefined, shown?: string) => ({
    setting,
    value: found === undefined ? null : (shown ?? found.value),
    source: found?.source ?? "not set",
    from: found?.from ?? null,
  })
  const { apiKey, clientKey } = settings
  const isDevice = apiKey === undefined && clientKey?.source === "profile"
  const apiKeyRow = isDevice
    ? row("apiKey", clientKey, "(none: this is a device)")
    : row("apiKey", apiKey, checked(apiKey, parseApiKey))
  const profiles = new Profiles(context.configDirectory).list()
  await printRows(context, columns, [
    row("workspaceCRN", settings.workspaceCRN),
    row("endpoint", settings.endpoint ?? settings.unconfirmedEndpoint),
    trustRow(settings),
    row("environment", settings.environment),
    row("clientId", settings.clientId),
    row("clientKey", settings.clientKey, checked(settings.clientKey, parseClientKey)),
    apiKeyRow,
    row("minimumRevision", pinsText(settings.minimumRevision)),
    row("maxStale", settings.maxStale),
    row("profile", settings.profile),
    { setting: "profiles", value: profiles, source: "directory", from: context.configDirectory },
    { setting: "kept", value: keptFiles(context), source: "directory", from: context.configDirectory },
  ])
  return undefined
}

/** Whether what an endpoint of a committed file would get may go there. */
function trustRow({ endpoint, endpointConfirmedBy, unconfirmedEndpoint }: Settings) {
  const setting = "trust"
  if (unconfirmedEndpoint !== undefined) {
    return { setting, value: "not confirmed: nothing is sent there", source: "not set", from: null }
  }
  if (endpoint?.source !== "file") return { setting, value: "not asked for", source: "not set", from: null }
  const { from, source, value } = endpointConfirmedBy ?? { value: "", source: "not set", from: null }
  return { setting, value: source === "answer" ? `confirmed on ${value}` : "confirmed", source, from }
}

/** What is remembered of this workspace and for this client: sealed or public, but for the access token. */
function keptFiles({ configDirectory, connection }: Context): string[] {
  let found: Connection
  try {
    found = connection()
  } catch {
    return []
  }
  const token = loadToken(tokenPath(configDirectory, found))
  const state = join(configDirectory, "state")
  const files = existsSync(state) ? readdirSync(state) : []
  return [
    ...files
      .filter((name) => name.startsWith(`${found.workspaceId}.`))
      .sort()
      .map((name) => `state/${name}`),
    ...listCaches(configDirectory, `${found.workspaceId}_${found.clientId}_`).map(({ key }) => `cache/${key}.cache`),
    ...(token === undefined ? [] : [`an access token until ${new Date(token.expiresAt).toISOString()}`]),
  ]
}

function pinsText(pins: Settings["minimumRevision"]): Setting | undefined {
  if (pins === undefined) return undefined
  const value = Object.entries(pins.value).map(([environment, revision]) => `${environment}: ${revision}`)
  return { ...pins, value: value.join(", ") }
}

/** Says whether a key is there and free of typing errors, and nothing about its characters. */
function checked(setting: Setting | undefined, parse: (text: string) => unknown): string | undefined {
  if (setting === undefined) return undefined
  try {
    parse(setting.value)
    return "(set, checksum ok)"
  } catch (error) {
    if (error instanceof HalfkeyError) return "(set, with a typing error)"
    throw error
  }
}
