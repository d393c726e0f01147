/** The SDK, configured from the CLI's settings: its own transport, and files for token and freshness. */
import type { SecretsOptions, Transport } from "halfkey/secrets"
import { nodeTransport } from "./http/node-transport.ts"
import type { Connection } from "./settings/load.ts"
import type { Settings } from "./settings/resolve.ts"
import { fileArchive } from "./storage/archive-file.ts"
import { fileFreshness } from "./storage/freshness-file.ts"
import { fileTokens, tokenPath } from "./storage/token-file.ts"
import { version } from "./version.ts"

export const userAgent = `halfkey-cli/${version}`

export function clientOptions(
  connection: Connection,
  settings: Settings,
  configDirectory: string,
  transport: Transport = nodeTransport(),
): SecretsOptions {
  const { endpoint, workspaceCRN, workspaceId, clientId, clientKey, apiKey } = connection
  return {
    endpoint,
    workspaceCRN,
    clientId,
    clientKey,
    apiKey,
    environment: settings.environment?.value,
    minimumRevision: settings.minimumRevision?.value,
    // Settings were resolved already: the SDK must not look for them again.
    env: {},
    transport,
    tokens: fileTokens(tokenPath(configDirectory, connection)),
    freshness: fileFreshness(configDirectory, workspaceId),
    archive: fileArchive(configDirectory, workspaceId),
    userAgent,
  }
}
