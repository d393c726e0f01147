import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import type { FreshnessState, FreshnessStore } from "halfkey/secrets"

/** A plain store, as an application would write one. */
export function fileFreshness(directory: string): FreshnessStore {
  const path = join(directory, "freshness.json")
  return {
    load: async (): Promise<FreshnessState> => (existsSync(path) ? JSON.parse(readFileSync(path, "utf8")) : {}),
    save: async (state) => {
      mkdirSync(directory, { recursive: true })
      writeFileSync(path, JSON.stringify(state))
    },
  }
}
