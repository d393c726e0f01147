/** Who may do what: the one table that decides, action by action. Services apply it, routes name its rows. */
import type { AuditAction } from "@halfkey/core/formats/audit-entry"
import type { Scope } from "@halfkey/core/formats/scopes"

export interface Rule {
  /** One of these is needed; a service may ask for more when it knows what exactly is wanted. */
  readonly scopes: readonly [Scope, ...Scope[]]
  /** Only with a token that a client asked for: what reaches seeds or values, and what takes something away from others. */
  readonly client?: true
  /** Refused to keys that are narrowed in any way, or by environments: they could reach further through what they make. */
  readonly refusedTo?: "narrowed" | "environment-narrowed"
  /** Changes what others may do, so that everybody is authorized anew. */
  readonly changesState?: true
}

/**
 * Actions of callers with an access token. The others have their own proof: setup token, API key with assertion, assertion of
 * the root or of a device; and what the server does by itself nobody asks for.
 */
export type RuledAction = Exclude<
  AuditAction,
  | "token.issue"
  | "workspace.create"
  | "recovery.read"
  | "recovery.commit"
  | "device.file"
  | "keyset.purge"
  | "audit.archive"
  | "route.unknown"
>

export const rules: Readonly<Record<RuledAction, Rule>> = {
  "workspace.read": { scopes: ["workspace:read"] },
  "roster.read": { scopes: ["workspace:read"] },
  "roster.update": { scopes: ["workspace:update"], client: true, refusedTo: "narrowed", changesState: true },
  "keyset.list": { scopes: ["keyset:list"] },
  "keyset.read": { scopes: ["keyset:list"] },
  "keyset.create": { scopes: ["keyset:create"], refusedTo: "environment-narrowed", changesState: true },
  "keyset.update": { scopes: ["keyset:update"], changesState: true },
  // Its own half, sealed to itself: quickens later starts and gives nobody anything, so read-only keys may.
  "keyset.self-wrap": { scopes: ["keyset:list"], client: true },
  "data-key.generate": { scopes: ["data_key:generate"], client: true },
  "data-key.retrieve": { scopes: ["data_key:retrieve"], client: true },
  "secret.read": { scopes: ["secret:read"], client: true },
  "secret.prepare": { scopes: ["secret:write", "secret:delete"], client: true },
  "secret.commit": { scopes: ["secret:write", "secret:delete"], client: true },
  // Reads and writes: the service asks for secret:read as well.
  "secret.stale": { scopes: ["secret:write"], client: true },
  "secret.reseal": { scopes: ["secret:write"], client: true },
  "secret.list": { scopes: ["secret:list"], client: true },
  "secret.history": { scopes: ["secret:list"], client: true },
  "client.list": { scopes: ["client:list"] },
  "client.create": { scopes: ["client:create"], refusedTo: "narrowed", changesState: true },
  "client.revoke": { scopes: ["client:revoke"], client: true, refusedTo: "environment-narrowed", changesState: true },
  "device.list": { scopes: ["client:list"] },
  // A device may remove itself; for any other the service asks for client:revoke.
  "device.remove": {
    scopes: ["client:revoke", "workspace:read"],
    client: true,
    refusedTo: "environment-narrowed",
    changesState: true,
  },
  // All of it: a part of the log cannot be verified, and says of other environments what the key may not know.
  "audit.read": { scopes: ["audit:read"], refusedTo: "environment-narrowed" },
  "api-key.list": { scopes: ["api_key:list"] },
  "api-key.create": { scopes: ["api_key:create"], refusedTo: "narrowed", changesState: true },
  // It makes a key and ends another one, so the service asks for api_key:revoke as well.
  "api-key.rotate": { scopes: ["api_key:create"], client: true, refusedTo: "narrowed", changesState: true },
  "api-key.revoke": {
    scopes: ["api_key:revoke"],
    client: true,
    refusedTo: "environment-narrowed",
    changesState: true,
  },
}
