/** What an API key allows now (S8): role, narrowing, expiry, revocation. */
import { BlockList, isIP } from "node:net"
import { HalfkeyError } from "@halfkey/core/formats/errors"
import { type Role, roleScopes, type Scope, writingScopes } from "@halfkey/core/formats/scopes"
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
  return { id: null, role, ...unnarrowed, createdAt, revokedAt: null }
}

/** The scopes that a key has today. */
export function scopesOf({ role, readOnly }: Pick<Authority, "role" | "readOnly">): ReadonlySet<Scope> {
  return (readOnly ? readingScopes : fullScopes).get(role) ?? new Set()
}

export function isNarrowed({ readOnly, keysetIds, networks, expiresAt }: Authority): boolean {
  return readOnly || keysetIds !== null || networks !== null || expiresAt !== null
}

/** Throws `api_key_revoked` or `api_key_restricted` when the key cannot be used now, from there. */
export function requireUsable(apiKey: Authority, now: number, address: string): void {
  if (apiKey.revokedAt !== null) {
    throw new HalfkeyError("api_key_revoked", `the API key ${apiKey.id} is revoked`, {
      hint: "ask an admin for a new one: halfkey keys create",
    })
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

const blockLists = new WeakMap<readonly string[], BlockList>()

/** Whether an address is inside one of these CIDR networks. */
function isInside(networks: readonly string[], address: string): boolean {
  let list = blockLists.get(networks)
  if (list === undefined) {
    list = new BlockList()
    for (const network of networks) {
      const parts = networkParts(network)
      if (parts !== undefined) list.addSubnet(parts.address, parts.prefix, parts.family)
    }
    blockLists.set(networks, list)
  }
  const plain = plainAddress(address)
  return list.check(plain, isIP(plain) === 6 ? "ipv6" : "ipv4")
}

/** An IPv4 address that arrived on an IPv6 socket is the IPv4 address. */
function plainAddress(address: string): string {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)
  return mapped?.[1] ?? address
}

/** Reads CIDR, as 10.0.0.0/8 or 2001:db8::/32; a bare address stands for itself. `undefined` when it is neither. */
export function networkParts(
  text: string,
): { readonly address: string; readonly prefix: number; readonly family: "ipv4" | "ipv6" } | undefined {
  const [address = "", prefixText, ...rest] = text.split("/")
  const version = isIP(address)
  if (version === 0 || rest.length > 0 || address.includes("%")) return undefined
  const bits = version === 4 ? 32 : 128
  if (prefixText !== undefined && !/^\d{1,3}$/.test(prefixText)) return undefined
  const prefix = prefixText === undefined ? bits : Number(prefixText)
  if (prefix > bits) return undefined
  return { address, prefix, family: version === 4 ? "ipv4" : "ipv6" }
}
