/** The store of a cache that nobody gave a place: it bridges outages of the server while the program runs. */
import type { CacheStore } from "./options.ts"

export function memoryCache(): CacheStore {
  const files = new Map<string, Uint8Array>()
  return {
    load: async (key) => files.get(key),
    update: async (key, change) => {
      const changed = change(files.get(key))
      if (changed !== undefined) files.set(key, changed)
    },
    remove: async (prefix) => {
      for (const key of files.keys()) if (key.startsWith(prefix)) files.delete(key)
    },
  }
}
