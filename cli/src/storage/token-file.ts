/** The access token between two commands: it saves a round trip. Private files, one for each endpoint, client and API key. */
import { rmSync } from "node:fs"
import { join } from "node:path"
import type { StoredToken, TokenStore } from "halfkey/secrets"
import { readPrivateFile, writePrivateFile } from "./private-files.ts"

/** Whose token it is. */
export interface TokenOwner {
  readonly endpoint: string
  readonly workspaceCRN: string
  readonly clientId: string | undefined
  /** `undefined`: a person's device. */
  readonly apiKey: string | undefined
}

/**
 * `tokens/<CRN>_<client id>_<API key id>_<endpoint>.json` in the configuration directory: one for each. By name
 * and not by hash, since `run` looks here before it loads any cryptography.
 */
export function tokenPath(configDirectory: string, { apiKey, clientId, endpoint, workspaceCRN }: TokenOwner): string {
  // The middle of `hkak_<id>_…`. The SDK checks the whole key, before it asks for a token.
  const apiKeyId = apiKey?.split("_", 2)[1] ?? ""
  const name = [workspaceCRN, clientId ?? "", apiKeyId, endpoint].map(encodeURIComponent).join("_")
  return join(configDirectory, "tokens", `${name}.json`)
}

/** What cannot be read counts as absent: a new token is fetched. */
export function loadToken(path: string): StoredToken | undefined {
  try {
    const { accessToken, expiresAt } = JSON.parse(readPrivateFile(path) ?? "{}") as Partial<StoredToken>
    if (typeof accessToken === "string" && typeof expiresAt === "number") return { accessToken, expiresAt }
  } catch {
    // As if there were none.
  }
  return undefined
}

export function fileTokens(path: string): TokenStore {
  return {
    load: async () => loadToken(path),
    save: async ({ accessToken, expiresAt }) => {
      // Losing it in a power failure costs one request, so it needs no fsync.
      writePrivateFile(path, JSON.stringify({ accessToken, expiresAt }), { durable: false })
    },
    clear: async () => rmSync(path, { force: true }),
  }
}
