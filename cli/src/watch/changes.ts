/** What changed between two times that secrets were read. */
import { createHash } from "node:crypto"
import type { Secret } from "halfkey/secrets"

/** What is kept of a secret to know it again: no value. */
export interface Seen {
  readonly environment: string
  readonly version: number
  readonly digest: string
}

export interface Change {
  readonly name: string
  /** Where it is, or was. */
  readonly environment: string
  readonly change: "added" | "changed" | "deleted"
  /** `null`: it is deleted. */
  readonly version: number | null
}

export function seenOf(secrets: readonly Secret[]): ReadonlyMap<string, Seen> {
  return new Map(
    secrets.map(({ name, environment, version, value }) => {
      const digest = createHash("sha256").update(value).digest("base64")
      return [name, { environment, version, digest }]
    }),
  )
}

/** In order of name. The same value written again is no change. */
export function changesBetween(before: ReadonlyMap<string, Seen>, now: ReadonlyMap<string, Seen>): Change[] {
  const changes: Change[] = []
  for (const [name, { environment, version, digest }] of now) {
    const earlier = before.get(name)
    if (earlier?.digest === digest) continue
    changes.push({ name, environment, change: earlier === undefined ? "added" : "changed", version })
  }
  for (const [name, { environment }] of before) {
    if (!now.has(name)) changes.push({ name, environment, change: "deleted", version: null })
  }
  return changes.sort((left, right) => (left.name < right.name ? -1 : 1))
}

const namesShown = 10

/** For a note. */
export function namesOf(changes: readonly Change[]): string {
  const names = changes.map(({ name, change }) => (change === "changed" ? name : `${name} (${change})`))
  const more = names.length > namesShown ? ` and ${names.length - namesShown} more` : ""
  return `${names.slice(0, namesShown).join(", ")}${more}`
}
