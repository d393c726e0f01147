/**
 * Fields of signed documents: how each travels as JSON and how it enters `pae` (S2).
 * A reader refuses unknown fields, wrong lengths, unsorted lists and every encoding but the canonical one.
 */
import { fromBase64Url, toBase64Url, utf8 } from "../primitives/bytes.ts"
import { isLabel } from "./environment-name.ts"
import { HalfkeyError } from "./errors.ts"
import type { ClientId, KeysetId, WorkspaceId } from "./ids.ts"
import { isClientId, isKeysetId, isWorkspaceId, type SignerId, signerBytes, uuidBytes } from "./ids.ts"
import { type PaeField, pae, paeList } from "./pae.ts"
import { epochMax } from "./record.ts"

/** How one field is read from JSON, written to JSON and encoded for signing. */
export interface FieldCodec<T> {
  parse(json: unknown, path: string): T
  toJson(value: T): unknown
  toPae(value: T): PaeField
}

export type FieldCodecs = Readonly<Record<string, FieldCodec<never>>>

/** The object type that a set of codecs reads. */
export type FieldsOf<Codecs> = { readonly [Name in keyof Codecs]: Codecs[Name] extends FieldCodec<infer T> ? T : never }

/** Thrown for every malformed document; `path` says where. */
export function malformed(path: string, expected: string): HalfkeyError {
  return new HalfkeyError("invalid_document", `${path}: expected ${expected}`, { check: "encoding", facts: { path } })
}

function textCodec<T extends string>(
  expected: string,
  accepts: (text: string) => text is T,
  toPae: (value: T) => PaeField,
): FieldCodec<T> {
  return {
    parse(json, path) {
      if (typeof json !== "string" || !accepts(json)) throw malformed(path, expected)
      return json
    },
    toJson: (value) => value,
    toPae,
  }
}

const isText =
  (accepts: (text: string) => boolean) =>
  (text: string): text is string =>
    accepts(text)

export const workspaceIdField = textCodec<WorkspaceId>("a workspace id", isWorkspaceId, (id) => utf8(id))
export const keysetIdField = textCodec<KeysetId>("a lower-case UUID", isKeysetId, uuidBytes)
export const clientIdField = textCodec<ClientId>("a client id (UUIDv8)", isClientId, uuidBytes)
export const signerField = textCodec<SignerId>(
  "a workspace id or a client id",
  (text): text is SignerId => isWorkspaceId(text) || isClientId(text),
  signerBytes,
)
export const labelField = textCodec("a label of 1 to 100 visible characters", isText(isLabel), (label) => label)

export function textField(expected: string, accepts: (text: string) => boolean): FieldCodec<string> {
  return textCodec(expected, isText(accepts), (text) => text)
}

export function oneOf<const T extends string>(...allowed: readonly T[]): FieldCodec<T> {
  const accepts = (text: string): text is T => (allowed as readonly string[]).includes(text)
  return textCodec(`one of ${allowed.join(", ")}`, accepts, (text) => text)
}

/** An integer of at least `minimum`, and at most 2^53 - 1 unless said otherwise. */
export function integerField(minimum: number, maximum: number = Number.MAX_SAFE_INTEGER): FieldCodec<number> {
  return {
    parse(json, path) {
      if (!Number.isSafeInteger(json) || Object.is(json, -0)) throw malformed(path, "an integer")
      const value = json as number
      if (value < minimum || value > maximum) throw malformed(path, `an integer from ${minimum} to ${maximum}`)
      return value
    },
    toJson: (value) => value,
    toPae: (value) => value,
  }
}

/** Epochs travel as `u32` in a record's header (S7). */
export const epochField: FieldCodec<number> = integerField(1, epochMax)

/** Milliseconds from 1970 to the end of the year 9999; RFC 3339 UTC with milliseconds in JSON. */
export const timeField: FieldCodec<number> = {
  parse(json, path) {
    // JavaScript writes later years with a sign and six digits, which RFC 3339 does not know.
    const time = typeof json === "string" && json.length === 24 ? Date.parse(json) : Number.NaN
    if (!(time >= 0) || new Date(time).toISOString() !== json)
      throw malformed(path, "a time as 2026-01-31T00:00:00.000Z")
    return time
  },
  toJson: (value) => new Date(value).toISOString(),
  toPae: (value) => value,
}

/** Exactly `length` bytes, base64url without padding in JSON. */
export function bytesField(length: number): FieldCodec<Uint8Array> {
  return {
    parse(json, path) {
      const bytes = typeof json === "string" ? fromBase64Url(json) : undefined
      if (bytes?.length !== length) throw malformed(path, `${length} bytes as base64url without padding`)
      return bytes
    },
    toJson: toBase64Url,
    toPae: (value) => value,
  }
}

/** A field that may be absent: `null` in JSON, the empty string in `pae`. */
export function optionalField<T>(codec: FieldCodec<T>): FieldCodec<T | undefined> {
  return {
    parse: (json, path) => (json === null ? undefined : codec.parse(json, path)),
    toJson: (value) => (value === undefined ? null : codec.toJson(value)),
    toPae: (value) => (value === undefined ? undefined : codec.toPae(value)),
  }
}

/** Most items of one list: bounds the work that one document can cause. */
const listMaxLength = 10_000

/** A list of objects, sorted by one field, without repetitions (S2). */
export function listField<Codecs>(
  itemLabel: string,
  codecs: Codecs,
  sortedBy: (item: FieldsOf<Codecs>) => string | number,
): FieldCodec<readonly FieldsOf<Codecs>[]> {
  return {
    parse(json, path) {
      if (!Array.isArray(json) || json.length > listMaxLength)
        throw malformed(path, `a list of at most ${listMaxLength}`)
      const items = Array.from(json, (item: unknown, index) => parseFields(codecs, item, `${path}[${index}]`))
      for (const [index, item] of items.entries()) {
        const previous = items[index - 1]
        if (previous !== undefined && !(sortedBy(previous) < sortedBy(item))) {
          throw malformed(`${path}[${index}]`, "a list sorted by id, without repetitions")
        }
      }
      return items
    },
    toJson: (items) => items.map((item) => fieldsToJson(codecs, item)),
    toPae: (items) => paeList(items.map((item) => pae(itemLabel, ...fieldsToPae(codecs, item)))),
  }
}

/** Reads an object that has exactly these fields. */
export function parseFields<Codecs>(codecs: Codecs, json: unknown, path: string): FieldsOf<Codecs> {
  if (typeof json !== "object" || json === null || Array.isArray(json)) throw malformed(path, "an object")
  const table = codecs as FieldCodecs
  for (const name of Object.keys(json)) {
    // The name is the sender's choice: only what cannot speak to a terminal is shown.
    const shown = /^\w{1,40}$/.test(name) ? name : "(name not shown)"
    if (!Object.hasOwn(table, name)) throw malformed(`${path}.${shown}`, "no such field")
  }
  const fields: Record<string, unknown> = {}
  for (const [name, codec] of Object.entries(table)) {
    if (!Object.hasOwn(json, name)) throw malformed(`${path}.${name}`, "a value, the field is missing")
    fields[name] = codec.parse((json as Record<string, unknown>)[name], `${path}.${name}`)
  }
  return fields as FieldsOf<Codecs>
}

export function fieldsToJson<Codecs>(codecs: Codecs, fields: FieldsOf<Codecs>): Record<string, unknown> {
  const values = fields as Record<string, never>
  return Object.fromEntries(
    Object.entries(codecs as FieldCodecs).map(([name, codec]) => [name, codec.toJson(values[name] as never)]),
  )
}

/** The fields in the order of the codecs, which is the order of the specification. */
export function fieldsToPae<Codecs>(codecs: Codecs, fields: FieldsOf<Codecs>): PaeField[] {
  const values = fields as Record<string, never>
  return Object.entries(codecs as FieldCodecs).map(([name, codec]) => codec.toPae(values[name] as never))
}
