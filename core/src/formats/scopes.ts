/** Roles and scopes (S8): what an API key may ask for. */

export const scopes = [
  "keyset:list",
  "keyset:create",
  "keyset:update",
  "secret:list",
  "secret:read",
  "secret:write",
  "secret:delete",
  "data_key:generate",
  "data_key:retrieve",
  "client:list",
  "client:create",
  "client:revoke",
  "grant:update",
  "api_key:list",
  "api_key:create",
  "api_key:revoke",
  "audit:read",
  "workspace:read",
  "workspace:update",
] as const

/** One thing that a token may be used for. */
export type Scope = (typeof scopes)[number]
/** What an API key may be used for: `member` secrets, `admin` administration too, `control` what needs no client. */
export type Role = "admin" | "member" | "control"

/** What each role allows. `control` has no data scopes, and works without a client. */
export const roleScopes: Readonly<Record<Role, readonly Scope[]>> = {
  member: [
    "keyset:list",
    "secret:list",
    "secret:read",
    "secret:write",
    "secret:delete",
    "data_key:generate",
    "data_key:retrieve",
    "workspace:read",
  ],
  control: [
    "keyset:list",
    "keyset:create",
    "keyset:update",
    "client:list",
    "client:create",
    "client:revoke",
    "grant:update",
    "workspace:read",
  ],
  admin: scopes,
}

/** Scopes that change something: an API key narrowed to read-only loses them. */
export const writingScopes: ReadonlySet<Scope> = new Set([
  "keyset:create",
  "keyset:update",
  "secret:write",
  "secret:delete",
  "data_key:generate",
  "client:create",
  "client:revoke",
  "grant:update",
  "api_key:create",
  "api_key:revoke",
  "workspace:update",
])

export function isScope(text: string): text is Scope {
  return (scopes as readonly string[]).includes(text)
}
