/** Keys of a cache store: whose cache, of which environment, of which server. */
import { toHex, utf8 } from "@halfkey/core/primitives/bytes"
import { sha256 } from "@halfkey/core/primitives/hash"

/**
 * How the keys of a client's caches begin: all of them, or those of one environment as it is asked for.
 *
 * @example
 * const [, , workspaceId = ""] = workspaceCRN.split(":")
 * const prefix = cachePrefix(workspaceId, clientId)
 * console.log(cachePrefix(workspaceId, clientId, "production").startsWith(prefix)) // prints true
 */
export function cachePrefix(workspaceId: string, clientId: string, environment?: string): string {
  return `${workspaceId}_${clientId}_${environment === undefined ? "" : `${environment}_`}`
}

export function cacheKey(workspaceId: string, clientId: string, environment: string, endpoint: string): string {
  return `${cachePrefix(workspaceId, clientId, environment)}${toHex(sha256(utf8(endpoint))).slice(0, 16)}`
}
