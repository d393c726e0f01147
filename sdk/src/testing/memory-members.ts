/** Clients, API keys and tokens of a server in memory. */
import { formatApiKey } from "@halfkey/core/formats/text-keys"
import { toBase64Url } from "@halfkey/core/primitives/bytes"
import { systemRandom } from "@halfkey/core/primitives/random"
import type { NewClient } from "@halfkey/core/wire/clients"
import { refuse } from "./memory-requests.ts"

export interface StoredClient extends NewClient {
  readonly createdAt: string
  revokedAt: string | null
}

interface StoredKey {
  readonly clientId: string | null
  readonly role: string
  readonly label: string
}

export class MemoryMembers {
  readonly clients: StoredClient[] = []
  readonly #apiKeys = new Map<string, StoredKey>()
  readonly #tokens = new Map<string, StoredKey>()

  register(client: NewClient): StoredClient {
    const stored = { ...client, createdAt: new Date().toISOString(), lastUsedAt: null, revokedAt: null }
    this.clients.push(stored)
    return stored
  }

  revoke(clientId: string): void {
    const client = this.clients.find((each) => each.clientId === clientId) ?? refuse("client_not_found", 404)
    client.revokedAt ??= new Date().toISOString()
  }

  newKey(role: string, clientId: string) {
    const keyId = "b".repeat(16)
    const secret = formatApiKey({ keyId: keyId as never, secret: systemRandom(32) })
    const label = "key"
    this.#apiKeys.set(secret, { clientId, role, label })
    const narrowing = { readOnly: false, environments: null, networks: null }
    const times = {
      createdAt: new Date().toISOString(),
      expiresAt: null,
      revokedAt: null,
      rotatedTo: null,
      lastUsedAt: null,
    }
    return { apiKey: { id: keyId, label, role, clientId, ...narrowing, ...times }, secret }
  }

  newToken(apiKey: string): string {
    const key = this.#apiKeys.get(apiKey) ?? refuse("invalid_client", 401)
    const token = `token-${toBase64Url(systemRandom(16))}`
    this.#tokens.set(token, key)
    return token
  }

  /** Whose token this is. */
  caller(token: string): StoredKey {
    return this.#tokens.get(token) ?? refuse("invalid_token", 401)
  }

  forgetTokens(): void {
    this.#tokens.clear()
  }
}
