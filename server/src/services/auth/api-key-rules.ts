/** What an API key allows now (S8): role, narrowing, expiry, revocation. */
import { HalfkeyError } from "@halfkey/core/formats/errors"
import { type Role, roleScopes, type Scope, writingScopes } from "@halfkey/core/formats/scopes"
import { isInside } from "../../addresses.ts"
import type { Authority, ClientRow, DeviceRole } from "../../domain/rows.ts"

const roles = Object.keys(roleScopes) as Role[]
const fullScopes = new Map(roles.map((role) => [role, new Set(roleScopes[role])]))
const readingScopes = new Map(
  roles.map((role) => [role, new Set(roleScopes[role].filter((scope) => !writingScopes.has(scope)))]),
)

/** A device's permission rests on its role alone (S9): as an API key of that role that is not narrowed. */
export function deviceAuthority({ createdAt }: ClientRow, role: DeviceRole): Authority {
  const unnarrowed = { readOnly: false, keysetIds: null, networks: null, expiresAt: null }
  // Revoked with its client, which every decision looks at.
  return { id: null, role, ...unnarrowed, createdAt, revokedAt: null, rotatedTo: null, retiresAt: null }
}

/** The scopes that a key has today. */
export function scopesOf({ role, readOnly }: Pick<Authority, "role" | "readOnly">): ReadonlySet<Scope> {
  return (readOnly ? readingScopes : fullScopes).get(role) ?? new Set()
}

/** When it ends: by its own expiry, or with the overlap after its rotation, whichever comes first. `null`: it does not. */
export function endOf({ expiresAt, retiresAt }: Pick<Authority, "expiresAt" | "retiresAt">): number | null {
  if (expiresAt === null || retiresAt === null) return expiresAt ?? retiresAt
  return Math.min(expiresAt, retiresAt)
}

/** An overlap narrows nothing: both keys work until it ends. */
export function isNarrowed({ readOnly, keysetIds, networks, expiresAt }: Authority): boolean {
  return readOnly || keysetIds !== null || networks !== null || expiresAt !== null
}

/** A revoked client stays revoked. */
export function afterRevocation({ deviceRole }: Pick<ClientRow, "deviceRole">): string {
  return deviceRole === null
    ? "ask an admin to create a new client: halfkey clients create"
    : "halfkey logout, then halfkey login, and ask an admin to approve it"
}

/**
 * Throws `api_key_revoked` or `api_key_restricted` when the key cannot be used now, from there. `client`: that it is bound
 * to; where that is revoked as well, another key would not help.
 */
export function requireUsable(apiKey: Authority, client: ClientRow | undefined, now: number, address: string): void {
  if (apiKey.revokedAt !== null) {
    const isOut = client !== undefined && client.revokedAt !== null
    const what = isOut ? `the client ${client.id} and its API key ${apiKey.id} are` : `the API key ${apiKey.id} is`
    throw new HalfkeyError("api_key_revoked", `${what} revoked`, {
      hint: isOut ? afterRevocation(client) : "ask an admin for a new one: halfkey keys create",
    })
  }
  if (apiKey.rotatedTo !== null && apiKey.retiresAt !== null && apiKey.retiresAt <= now) {
    throw new HalfkeyError(
      "api_key_revoked",
      `the API key ${apiKey.id} was rotated: ${apiKey.rotatedTo} took its place`,
      {
        hint: "use the new key; who lost it asks an admin for another: halfkey keys rotate",
      },
    )
  }
  if (apiKey.expiresAt !== null && apiKey.expiresAt <= now) {
    throw new HalfkeyError("api_key_revoked", `the API key ${apiKey.id} expired`, {
      hint: "ask an admin for a new one: halfkey keys create",
    })
  }
  if (apiKey.networks !== null && !isInside(apiKey.networks, address)) {
    throw new HalfkeyError("api_key_restricted", `the API key ${apiKey.id} may not be used from ${address}`, {
      hint: "use it from one of its networks, or ask an admin for another key",
    })
  }
}
