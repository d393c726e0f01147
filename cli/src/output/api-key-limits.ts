/** How an API key is narrowed, in a few words each. */
import type { ApiKeyNarrowing } from "halfkey/admin"

export function limitsOf({ environments, expiresAt, networks, readOnly }: ApiKeyNarrowing): string[] {
  return [
    ...(readOnly ? ["read-only"] : []),
    ...(environments ?? []),
    ...(networks ?? []),
    ...(expiresAt === null ? [] : [`until ${expiresAt}`]),
  ]
}
