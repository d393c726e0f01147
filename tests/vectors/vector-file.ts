/** Reading `spec/vectors/`, and changing its JSON as its cases say. */
import { readFileSync } from "node:fs"
import { join } from "node:path"

export const vectorFolder = join(import.meta.dirname, "../../spec/vectors")

/** The content of a file, typed by its reader: files and readers are of one repository. */
export function vectors<T>(name: string): T {
  return JSON.parse(readFileSync(join(vectorFolder, name), "utf8")) as T
}

export type Json = Record<string, unknown>

export interface Change {
  readonly path: readonly (string | number)[]
  readonly value?: unknown
  readonly removed?: true
}

/** A copy of the JSON with the changes made. Members are defined, not assigned: one may be called __proto__. */
export function changed<T>(json: T, changes: readonly Change[]): T {
  const copy: unknown = structuredClone(json)
  for (const { path, value, removed } of changes) {
    const last = path.at(-1) as string | number
    const parent = path.slice(0, -1).reduce((node, name) => (node as Json)[name] as object, copy as object)
    if (removed) delete (parent as Json)[last]
    else Object.defineProperty(parent, last, { value, enumerable: true, configurable: true, writable: true })
  }
  return copy as T
}

/** Bits of one byte turned. */
export interface Turn {
  readonly at: number
  readonly xor: number
}

export function turned(bytes: Uint8Array, { at, xor }: Turn): Uint8Array {
  const copy = new Uint8Array(bytes)
  copy[at] = (copy[at] as number) ^ xor
  return copy
}
