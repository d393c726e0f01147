/** Deleting caches (S14): after a refusal, whatever command was refused, and when a client leaves this machine. */
import { cachePrefix, deletedBy } from "halfkey/cache"
import type { FreshnessState } from "halfkey/secrets"
import type { Context } from "../context.ts"
import { cacheFiles } from "../storage/cache-files.ts"
import { fileFreshness } from "../storage/freshness-file.ts"

export interface CacheOwner {
  readonly workspaceId: string
  readonly clientId: string
}

/**
 * Of one environment, by its name and by its id, or all of the client. Copies that are put back later are below what is remembered, also
 * one that is elsewhere now.
 */
export async function forgetCaches(configDirectory: string, owner: CacheOwner, environment?: string): Promise<void> {
  const { clientId, workspaceId } = owner
  const freshness = fileFreshness(configDirectory, workspaceId)
  let prefixes = [cachePrefix(workspaceId, clientId, environment)]
  try {
    const { caches = {}, keysets = {} } = await freshness.load()
    prefixes = spellings(keysets, environment).map((each) => cachePrefix(workspaceId, clientId, each))
    const above = Object.entries(caches)
      .filter(([key]) => prefixes.some((prefix) => key.startsWith(prefix)))
      .map(([key, floor]) => [key, { ...floor, sequence: floor.sequence + 1 }] as const)
    if (above.length > 0) await freshness.save({ caches: Object.fromEntries(above) })
  } finally {
    for (const prefix of prefixes) await cacheFiles(configDirectory).remove(prefix)
  }
}

function spellings(keysets: NonNullable<FreshnessState["keysets"]>, environment: string | undefined) {
  const known = Object.entries(keysets).map(([id, { name }]) => [id, name])
  return known.find((both) => environment !== undefined && both.includes(environment)) ?? [environment]
}

/** What a failure of the server's takes the right to; nothing where it takes none. Never a second failure. */
export async function forgetRefused(context: Context, code: string, environments: readonly string[]): Promise<void> {
  const scope = deletedBy(code)
  if (scope === undefined) return
  try {
    const { clientId, workspaceId } = context.connection()
    if (clientId === undefined) return
    const owner = { clientId, workspaceId }
    if (scope === "client") return await forgetCaches(context.configDirectory, owner)
    for (const environment of environments) await forgetCaches(context.configDirectory, owner, environment)
  } catch {
    // What was refused is told; a cache that cannot be deleted ends by its age.
  }
}
