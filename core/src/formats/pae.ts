/** Pre-authentication encoding (S2): one unambiguous byte string for a label and its fields. */
import { le64, utf8, writeLe64 } from "../primitives/bytes.ts"

/** A field: bytes as they are, a string as UTF-8, an integer as `le64`, `undefined` as the empty string. */
export type PaeField = Uint8Array | string | number | undefined

/**
 * `pae(label, f1 … fn)` = `le64(n+1)`, then for `"halfkey/v1/" + label` and each field `le64(length) ‖ bytes` (S2).
 * One label has one use and one field list: `spec/protocol.md` lists them.
 */
export function pae(label: string, ...fields: readonly PaeField[]): Uint8Array {
  const parts: Uint8Array[] = [utf8(`halfkey/v1/${label}`)]
  let length = 8
  for (const field of fields) parts.push(fieldBytes(field))
  for (const part of parts) length += 8 + part.length
  const encoded = new Uint8Array(length)
  writeLe64(encoded, 0, parts.length)
  let offset = 8
  for (const part of parts) {
    writeLe64(encoded, offset, part.length)
    encoded.set(part, offset + 8)
    offset += 8 + part.length
  }
  return encoded
}

/** A list as one field (S2): `le64(count)`, then each item's `le64(length) ‖ pae(item label, …)`. */
export function paeList(items: readonly Uint8Array[]): Uint8Array {
  let length = 8
  for (const item of items) length += 8 + item.length
  const encoded = new Uint8Array(length)
  writeLe64(encoded, 0, items.length)
  let offset = 8
  for (const item of items) {
    writeLe64(encoded, offset, item.length)
    encoded.set(item, offset + 8)
    offset += 8 + item.length
  }
  return encoded
}

function fieldBytes(field: PaeField): Uint8Array {
  if (field === undefined) return new Uint8Array(0)
  if (typeof field === "string") {
    // UTF-8 has no lone surrogates: two different strings would become the same bytes.
    if (!field.isWellFormed()) throw new RangeError("pae: a string with a lone surrogate")
    return utf8(field)
  }
  if (typeof field === "number") return le64(field)
  return field
}
