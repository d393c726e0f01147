/** What this machine has already seen of a workspace (S10), in `state/<workspace id>.json`: nothing older is believed. */
import { dirname, join } from "node:path"
import { HalfkeyError } from "@halfkey/core/formats/errors"
import { type FreshnessState, type FreshnessStore, joinStates } from "halfkey/secrets"
import { underLock } from "./file-lock.ts"
import { ensurePrivateDirectory, readPrivateFile, writePrivateFile } from "./private-files.ts"

/** A store that several processes may use at once: a save merges into what the file holds by then, and never lowers a floor. */
export function fileFreshness(configDirectory: string, workspaceId: string): FreshnessStore {
  const path = statePath(configDirectory, workspaceId)
  return {
    load: async () => load(path),
    save: async (state) => {
      ensurePrivateDirectory(dirname(path))
      underLock(`${path}.lock`, () => {
        const text = JSON.stringify(joinStates(load(path), state))
        writePrivateFile(path, `${text}\n`)
      })
    },
  }
}

/** The state file alone. Throws `invalid_configuration` when it is damaged. */
export function loadFreshness(configDirectory: string, workspaceId: string): FreshnessState {
  return load(statePath(configDirectory, workspaceId))
}

function statePath(configDirectory: string, workspaceId: string): string {
  return join(configDirectory, "state", `${workspaceId}.json`)
}

function load(path: string): FreshnessState {
  const text = readPrivateFile(path)
  if (text === undefined) return {}
  try {
    const state: unknown = JSON.parse(text)
    if (typeof state === "object" && state !== null && !Array.isArray(state)) return state
  } catch {
    // Told below.
  }
  // Starting from nothing would let a server go back unnoticed: that is a decision for a person.
  throw new HalfkeyError("invalid_configuration", `${path} is damaged: it is no JSON object`, {
    hint: `rm ${path}   (this machine then forgets which versions it has seen)`,
  })
}
