/** Pins (S10): the least revision of an environment, as a committed `halfkey.json` names it by name or id. */
import type { Manifest } from "@halfkey/core/formats/manifest"
import type { SecretsOptions } from "./options.ts"

/** Least revisions by the name or id of the environment. */
export type Pins = ReadonlyMap<string, number>

/** A bare number is for the configured environment; without one there is nothing that it could be about. */
export function pinsOf({ minimumRevision }: SecretsOptions, environment: string | undefined): Pins {
  if (minimumRevision === undefined) return new Map()
  if (typeof minimumRevision !== "number") return new Map(Object.entries(minimumRevision))
  return environment === undefined ? new Map() : new Map([[environment, minimumRevision]])
}

/**
 * The pin of the key set that this manifest is of, whether it was asked for by name or by id. The name is the signed
 * one: it is compared with the pin only after the signature (checks 5 and 8 of S4).
 */
export function pinnedRevision(pins: Pins, manifest: Pick<Manifest, "name" | "keysetId"> | undefined) {
  if (manifest === undefined) return undefined
  const byName = pins.get(manifest.name)
  const byId = pins.get(manifest.keysetId)
  return byName === undefined || byId === undefined ? (byName ?? byId) : Math.max(byName, byId)
}
