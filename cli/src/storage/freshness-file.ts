/** What this machine has already seen of a workspace (S10), in `state/<workspace id>.json`: nothing older is believed. */
import { join } from "node:path"
import { HalfkeyError } from "@halfkey/core/formats/errors"
import type { FreshnessState, FreshnessStore, KeysetFloor, RosterFloor, SecretFloor } from "halfkey/secrets"
import { underLock } from "./file-lock.ts"
import { ensurePrivateDirectory, readPrivateFile, writePrivateFile } from "./private-files.ts"

/** A store that several processes may use at once: a save merges into what the file holds by then, and never lowers a floor. */
export function fileFreshness(configDirectory: string, workspaceId: string): FreshnessStore {
  const directory = join(configDirectory, "state")
  const path = join(directory, `${workspaceId}.json`)
  return {
    load: async () => load(path),
    save: async (state) => {
      ensurePrivateDirectory(directory)
      underLock(`${path}.lock`, () => {
        const text = JSON.stringify(higherFloors(load(path), state))
        writePrivateFile(path, `${text}\n`)
      })
    },
  }
}

/** The higher floor of each: of roster, key set and secret. */
export function higherFloors(one: FreshnessState, other: FreshnessState): FreshnessState {
  const roster = higher(one.roster, other.roster, ({ seq }) => [seq])
  const keysets = mergeEach(one.keysets, other.keysets, higherKeyset)
  const secrets: Record<string, Readonly<Record<string, SecretFloor>>> = {}
  for (const id of Object.keys({ ...one.secrets, ...other.secrets })) {
    // An accepted restore (S10) starts a new incarnation: versions that were seen before it no longer count.
    const [left = 0, right = 0] = [one, other].map((state) => state.keysets?.[id]?.incarnation)
    secrets[id] = mergeEach(
      left < right ? undefined : one.secrets?.[id],
      right < left ? undefined : other.secrets?.[id],
      higherSecret,
    )
  }
  return { ...(roster && { roster }), keysets, secrets }
}

const higherKeyset = (a: KeysetFloor, b: KeysetFloor) => higher(a, b, (floor) => [floor.incarnation, floor.revision])
/** A re-sealed record keeps its version and gets a higher epoch (S5). */
const higherSecret = (a: SecretFloor, b: SecretFloor) => higher(a, b, (floor) => [floor.version, floor.epoch])

function higher<Floor extends RosterFloor | KeysetFloor | SecretFloor>(
  one: Floor,
  other: Floor,
  rank: (floor: Floor) => readonly number[],
): Floor
function higher<Floor>(
  one: Floor | undefined,
  other: Floor | undefined,
  rank: (floor: Floor) => readonly number[],
): Floor | undefined
function higher<Floor>(one: Floor | undefined, other: Floor | undefined, rank: (floor: Floor) => readonly number[]) {
  if (one === undefined || other === undefined) return one ?? other
  const left = rank(one)
  const right = rank(other)
  for (const [index, value] of left.entries()) {
    const against = right[index] ?? 0
    if (value !== against) return value > against ? one : other
  }
  return one
}

function mergeEach<Floor>(
  one: Readonly<Record<string, Floor>> | undefined,
  other: Readonly<Record<string, Floor>> | undefined,
  merge: (a: Floor, b: Floor) => Floor,
): Record<string, Floor> {
  // A Map, since an assignment to the name __proto__ would be lost.
  const merged = new Map(Object.entries(one ?? {}))
  for (const [key, floor] of Object.entries(other ?? {})) {
    const existing = merged.get(key)
    merged.set(key, existing === undefined ? floor : merge(existing, floor))
  }
  return Object.fromEntries(merged)
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
