/** RFC 8785 canonical JSON: the bytes of audit entries (S12). */
import { utf8 } from "../primitives/bytes.ts"

export type JsonValue =
  | string
  | number
  | boolean
  | null
  | readonly JsonValue[]
  | { readonly [name: string]: JsonValue | undefined }

/** Canonical bytes. Throws `TypeError` for what RFC 8785 cannot hold: NaN, infinities, lone surrogates. */
export function canonicalJson(value: JsonValue): Uint8Array {
  return utf8(canonicalText(value))
}

function canonicalText(value: JsonValue): string {
  if (typeof value === "string") return canonicalString(value)
  if (typeof value === "number") {
    if (!Number.isFinite(value)) throw new TypeError("canonical JSON: not a finite number")
    return JSON.stringify(value)
  }
  if (typeof value !== "object" || value === null) return JSON.stringify(value)
  if (isList(value)) return `[${value.map(canonicalText).join(",")}]`
  const members: string[] = []
  // JavaScript's default order of strings is by UTF-16 code unit, as RFC 8785 asks.
  for (const name of Object.keys(value).sort()) {
    const member = value[name]
    if (member !== undefined) members.push(`${canonicalString(name)}:${canonicalText(member)}`)
  }
  return `{${members.join(",")}}`
}

export function isList(value: object): value is readonly JsonValue[] {
  return Array.isArray(value)
}

function canonicalString(text: string): string {
  if (!text.isWellFormed()) throw new TypeError("canonical JSON: a lone surrogate")
  return JSON.stringify(text)
}
