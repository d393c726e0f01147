/** The SDK, configured from the CLI's settings: its own transport, and files for token and freshness. */
import type { SecretsOptions, Transport } from "halfkey/secrets"
import { nodeTransport } from "./http/node-transport.ts"
import { type Connection, requireConnection } from "./settings/load.ts"
import type { Profile } from "./settings/profiles.ts"
import { resolveSettings, type Settings } from "./settings/resolve.ts"
import { fileArchive } from "./storage/archive-file.ts"
import { fileFreshness } from "./storage/freshness-file.ts"
import { fileReceipts } from "./storage/receipts-file.ts"
import { fileTokens, tokenPath } from "./storage/token-file.ts"
import { version } from "./version.ts"

export const userAgent = `halfkey-cli/${version}`

export function clientOptions(
  connection: Connection,
  settings: Settings,
  configDirectory: string,
  transport: Transport = nodeTransport(),
  audit: SecretsOptions["audit"] = undefined,
): SecretsOptions {
  const { endpoint, workspaceCRN, workspaceId, clientId, clientKey, apiKey } = connection
  return {
    endpoint,
    workspaceCRN,
    clientId,
    clientKey,
    ...(apiKey === undefined ? { device: true } : { apiKey }),
    environment: settings.environment?.value,
    minimumRevision: settings.minimumRevision?.value,
    // Settings were resolved already: the SDK must not look for them again.
    env: {},
    transport,
    tokens: fileTokens(tokenPath(configDirectory, connection)),
    freshness: fileFreshness(configDirectory, workspaceId),
    archive: fileArchive(configDirectory, workspaceId),
    receipts: fileReceipts(configDirectory, workspaceId),
    userAgent,
    audit,
  }
}

/** Those of one profile, whatever flags, variables and files say. */
export function profileOptions(configDirectory: string, name: string, data: Profile): SecretsOptions {
  const chosenBy = { value: name, source: "flag", from: "--profile" } as const
  const settings = resolveSettings({ flags: {}, env: {}, file: undefined, profile: { name, chosenBy, data } })
  return clientOptions(requireConnection(settings), settings, configDirectory)
}
