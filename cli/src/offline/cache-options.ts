/** The cache of the SDK (S14) as a command uses it: files beside the profile, and what is told about it. */
import { ageText } from "@halfkey/core/formats/age-text"
import type { CacheOptions } from "halfkey/secrets"
import type { GlobalOptions } from "../command.ts"
import type { Settings } from "../settings/resolve.ts"
import { cacheFiles } from "../storage/cache-files.ts"
import { maxStaleOf } from "./max-stale.ts"

/** `say`: on stderr, unless `-q`. `undefined`: without a cache. Throws usage errors. */
export function cacheOptions(
  options: GlobalOptions,
  settings: Settings,
  configDirectory: string,
  say: (text: string) => void,
): CacheOptions | undefined {
  const maxStale = maxStaleOf(options, settings)
  if (maxStale === undefined) return undefined
  const told = new Set<string>()
  return {
    maxStale: maxStale.seconds,
    keepFor: maxStale.keepFor,
    only: options.offline === true,
    store: cacheFiles(configDirectory),
    onUse: ({ ageSeconds, environment, failure }) =>
      say(`${failure?.message ?? "offline"}; ${environment} is as it was ${ageText(ageSeconds)} ago, from the cache`),
    onFailure: ({ code, hint, message }) => {
      if (told.has(message)) return
      told.add(message)
      const what = code === "cache_damaged" ? message : `nothing new is kept in the cache: ${message}`
      say(hint === undefined ? what : `${what}\n  try: ${hint}`)
    },
  }
}
