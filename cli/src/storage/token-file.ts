/** The access token between two commands: it saves a round trip. Private files, one for each endpoint, client and API key. */
import { rmSync } from "node:fs"
import { join } from "node:path"
import { toHex, utf8 } from "@halfkey/core/primitives/bytes"
import { sha256 } from "@halfkey/core/primitives/hash"
import type { StoredToken, TokenStore } from "halfkey/secrets"
import { readPrivateFile, writePrivateFile } from "./private-files.ts"

export interface TokenOwner {
  readonly endpoint: string
  readonly workspaceCRN: string
  readonly clientId: string | undefined
  readonly apiKeyId: string
}

/** `tokens/<hash>.json` in the configuration directory. What cannot be read counts as absent: a new token is fetched. */
export function fileTokens(configDirectory: string, owner: TokenOwner): TokenStore {
  const parts = [owner.endpoint, owner.workspaceCRN, owner.clientId ?? "", owner.apiKeyId]
  const path = join(configDirectory, "tokens", `${toHex(sha256(utf8(parts.join("\n")))).slice(0, 32)}.json`)
  return {
    load: async () => {
      try {
        const text = readPrivateFile(path)
        return text === undefined ? undefined : parse(text)
      } catch {
        return undefined
      }
    },
    save: async ({ accessToken, expiresAt }) => {
      // Losing it in a power failure costs one request, so it needs no fsync.
      writePrivateFile(path, JSON.stringify({ accessToken, expiresAt }), { durable: false })
    },
    clear: async () => rmSync(path, { force: true }),
  }
}

function parse(text: string): StoredToken | undefined {
  const { accessToken, expiresAt } = JSON.parse(text) as Partial<StoredToken>
  if (typeof accessToken !== "string" || typeof expiresAt !== "number") return undefined
  return { accessToken, expiresAt }
}
