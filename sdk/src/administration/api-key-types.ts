/** API keys: what `Admin` takes and gives. Times are RFC 3339, UTC, with milliseconds. */
import type { Role } from "@halfkey/core/formats/scopes"

/** What is asked for in a new API key: role, the client it is bound to, and how it is narrowed. */
export interface NewApiKey {
  readonly label: string
  readonly role: Role
  /** Default: the caller's own client; `null`: bound to none, role `control` only. */
  readonly clientId?: string | null | undefined
  readonly readOnly?: boolean | undefined
  readonly environments?: readonly string[] | undefined
  /** CIDR, as `10.0.0.0/8`. */
  readonly networks?: readonly string[] | undefined
  readonly expiresAt?: string | undefined
}

/** An API key, as the server tells it: never its secret. */
export interface ApiKey {
  readonly id: string
  readonly label: string
  readonly role: Role
  readonly clientId: string | null
  readonly readOnly: boolean
  readonly environments: readonly string[] | null
  readonly networks: readonly string[] | null
  readonly createdAt: string
  /** By its own expiry, or the end of the overlap after its rotation, whichever comes first. */
  readonly expiresAt: string | null
  readonly revokedAt: string | null
  /** The key that took its place. */
  readonly rotatedTo: string | null
  /** `null`: never, as far as the server knows; a crash of it loses the last minute of this. */
  readonly lastUsedAt: string | null
}

/** What an API key may not, for whoever uses it. */
export type ApiKeyNarrowing = Pick<ApiKey, "readOnly" | "environments" | "networks" | "expiresAt">

/** Of `apiKeys.rotate`. */
export interface RotateApiKeyOptions {
  /** So long the old key works beside the new one, unless it ends before: up to 30 days. Default: a day. 0: it stops at once. */
  readonly overlapSeconds?: number | undefined
}

/** A new API key with its secret. */
export interface CreatedApiKey {
  readonly apiKey: ApiKey
  /** `hkak_…`: shown once. */
  readonly secret: string
}

/** A new API key in the place of another. */
export interface RotatedApiKey extends CreatedApiKey {
  /** The key whose place was taken, with its end. */
  readonly rotated: ApiKey
}
