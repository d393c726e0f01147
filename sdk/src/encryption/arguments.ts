/** Arguments of `halfkey/encryption`. Of a wrong type: `WrongType`. Of the right type but not usable: `invalid_argument`. */
import { HalfkeyError } from "@halfkey/core/formats/errors"
import { encodeFieldValue, type FieldType } from "@halfkey/core/formats/field-value"
import { isKeysetId } from "@halfkey/core/formats/ids"
import { type FieldContext, unboundRow } from "@halfkey/core/formats/record-context"
import { requireText, wrongType } from "../argument-types.ts"
import { checkedEnvironment } from "../configuration.ts"
import type { CheckedPlace } from "./fields.ts"
import type { EncryptedTable, TableColumn } from "./schema.ts"
import type { EncryptionOptions } from "./types.ts"

/** Most bytes of one value: larger things are files, and belong elsewhere. */
const valueMaxLength = 16 * 1024 * 1024

/** Every column that was declared. Throws `WrongType`, for two tables of one name too. */
export function declaredColumns({ schemas }: EncryptionOptions): ReadonlySet<unknown> {
  if (!Array.isArray(schemas)) throw wrongType("schemas", "a list of tables", schemas)
  const tables = new Map<string, EncryptedTable>()
  for (const table of schemas) {
    const name = Object.values((table ?? {}) as EncryptedTable)[0]?.table
    if (name === undefined) throw wrongType("each of schemas", "a table made by encryptedTable", table)
    const other = tables.get(name)
    if (other !== undefined && other !== table) throw new TypeError(`two tables of schemas are called ${name}`)
    tables.set(name, table)
  }
  return new Set([...tables.values()].flatMap((table) => Object.values(table)))
}

/** Throws `WrongType` for what is no reference at all. */
export function requireKeysetType({ config }: EncryptionOptions): void {
  if (typeof config !== "object" || config === null) throw wrongType("config", "an object", config)
  const { keyset } = config
  if (typeof keyset !== "object" || keyset === null) throw wrongType("config.keyset", "{ name } or { id }", keyset)
  if ((keyset.name === undefined) === (keyset.id === undefined)) {
    throw new TypeError("config.keyset must hold a name or an id, and not both")
  }
  requireText(keyset.name ?? keyset.id, "config.keyset")
}

/** The name or id. Throws `invalid_argument` for what no key set can be called. */
export function checkedKeyset({ config: { keyset } }: EncryptionOptions): string {
  const { id, name = "" } = keyset
  if (id === undefined ? !isKeysetId(name) : isKeysetId(id)) return checkedEnvironment(id ?? name)
  const what = id === undefined ? "config.keyset.name is an id" : "config.keyset.id is not an id: a lower-case UUID"
  throw new HalfkeyError("invalid_argument", what, {
    hint: 'pass { name: "…" } for a name, { id: "…" } for an id; `halfkey environments list` shows both',
  })
}

/** A declared column, and a row that it can be bound to. */
export function checkedPlace(columns: ReadonlySet<unknown>, place: unknown): CheckedPlace {
  if (typeof place !== "object" || place === null) throw wrongType("the place", "an object", place)
  const { column, row } = place as { column?: unknown; row?: unknown }
  return { column: checkedColumn(columns, column), row: checkedRow(row) }
}

export function checkedColumn(columns: ReadonlySet<unknown>, column: unknown): TableColumn<unknown> {
  if (columns.has(column)) return column as TableColumn<unknown>
  throw wrongType("column", "a column of one of the tables in schemas, as users.email", column)
}

/** The columns of a table, each under its name in models. */
export function checkedTable(columns: ReadonlySet<unknown>, table: unknown): [string, TableColumn<unknown>][] {
  if (typeof table !== "object" || table === null) throw wrongType("table", "one of the tables in schemas", table)
  return Object.entries(table).map(([key, column]) => [key, checkedColumn(columns, column)])
}

export function checkedRow(row: unknown): FieldContext["row"] {
  if (row === unboundRow) return row
  if (typeof row === "bigint" || typeof row === "number") {
    if (typeof row === "bigint" || Number.isSafeInteger(row)) return `${row}`
    throw new HalfkeyError("invalid_argument", "a row that is a number must be a whole one, below 2^53", {
      hint: "pass a bigint or text for larger ones",
    })
  }
  if (typeof row !== "string") throw wrongType("row", "text, a whole number, or UNBOUND", row)
  if (row !== "" && row.isWellFormed()) return row
  throw new HalfkeyError("invalid_argument", "the row is empty, or no well-formed text", {
    hint: "pass the row's primary key; UNBOUND lets a value move between rows",
  })
}

export function checkedList(list: unknown, what: string): readonly unknown[] {
  if (Array.isArray(list)) return list
  throw wrongType(what, "a list", list)
}

export function checkedModel(model: unknown): Readonly<Record<string, unknown>> {
  if (typeof model === "object" && model !== null && !Array.isArray(model)) return model as Record<string, unknown>
  throw wrongType("the model", "an object", model)
}

const fits: { readonly [Type in FieldType]: (value: unknown) => boolean } = {
  text: (value) => typeof value === "string",
  number: (value) => typeof value === "number",
  boolean: (value) => typeof value === "boolean",
  date: (value) => value instanceof Date,
  bigint: (value) => typeof value === "bigint",
  json: (value) => value !== undefined,
  bytes: (value) => value instanceof Uint8Array,
}

const called = { text: "text", number: "a number", boolean: "true or false", date: "a Date", bigint: "a bigint" }

/** The bytes of a value. Throws `WrongType`, or `invalid_argument` for what would not come back as it is. */
export function encodedValue({ name, table, type }: TableColumn<unknown>, value: unknown): Uint8Array {
  const place = `${table}.${name}`
  if (!fits[type](value)) {
    const expected = { ...called, json: "what JSON can hold", bytes: "a Uint8Array" }[type]
    throw wrongType(`the value of ${place}`, expected, value)
  }
  const plaintext = encoded(place, type, value)
  if (plaintext.length <= valueMaxLength) return plaintext
  throw new HalfkeyError("value_too_large", `the value of ${place} has more than ${valueMaxLength} bytes`, {
    hint: "keep large files elsewhere, encrypted, and only their key here",
    facts: { table, column: name, length: plaintext.length, limit: valueMaxLength },
  })
}

function encoded(place: string, type: FieldType, value: unknown): Uint8Array {
  try {
    return encodeFieldValue(type, value as never)
  } catch (error) {
    if (!(error instanceof RangeError)) throw error
    throw new HalfkeyError("invalid_argument", `the value of ${place} cannot be encrypted: ${error.message}`, {
      hint: "pass a value that is the same when it comes back",
    })
  }
}
