/** Tables and columns whose values are encrypted: what a program declares once, and its types follow from. */
import type { FieldType, FieldValues } from "@halfkey/core/formats/field-value"
import type { JsonValue } from "@halfkey/core/formats/json-text"
import { wrongType } from "../argument-types.ts"

/** Holds the type of a column's values, at compile time only. */
declare const held: unique symbol

/** A column that is to be encrypted, before it belongs to a table. */
export interface EncryptedColumn<Value> {
  /** As in the database: part of what a value is bound to. */
  readonly name: string
  readonly type: FieldType
  readonly [held]?: Value
}

/** A column of a table, as `users.email`. */
export interface TableColumn<Value> extends EncryptedColumn<Value> {
  /** Name of the table: part of what a value is bound to. */
  readonly table: string
}

/** A table with encrypted columns, each under the name that models have for it. */
export type EncryptedTable = Readonly<Record<string, TableColumn<unknown>>>

/** The type of a column's values. */
export type ColumnValue<Column> = Column extends EncryptedColumn<infer Value> ? Value : never

/** A table by what its columns hold. */
export type TableOf<Columns> = { readonly [Key in keyof Columns]: TableColumn<ColumnValue<Columns[Key]>> }

const types = ["text", "number", "boolean", "date", "bigint", "json", "bytes"] as const satisfies readonly FieldType[]

/**
 * A column whose values are encrypted: `text` unless another type is named. Name and type are part of what is sealed, so keep
 * both once there is data. What a `json` column holds can be given as a type.
 *
 * @throws TypeError for an empty name or an unknown type
 * @example
 * const email = encryptedColumn("email")
 * const settings = encryptedColumn<{ theme: string }>("settings", "json")
 * console.log(email.type, settings.name) // prints text settings
 */
export function encryptedColumn(name: string): EncryptedColumn<string>
export function encryptedColumn<Value extends object = Extract<JsonValue, object>>(
  name: string,
  type: "json",
): EncryptedColumn<Value>
export function encryptedColumn<Type extends Exclude<FieldType, "json">>(
  name: string,
  type: Type,
): EncryptedColumn<FieldValues[Type]>
export function encryptedColumn(name: string, type: FieldType = "text"): EncryptedColumn<unknown> {
  requireName(name, "the name of a column")
  if (!types.includes(type)) throw wrongType("the type of a column", `one of ${types.join(", ")}`, type)
  return Object.freeze({ name, type })
}

/**
 * A table with encrypted columns. The names on the left are those of models, the names of `encryptedColumn` those of the
 * database. Columns that are not listed stay as they are.
 *
 * @throws TypeError for an empty name, or two columns of one name
 * @example
 * const users = encryptedTable("users", { email: encryptedColumn("email"), born: encryptedColumn("born_on", "date") })
 * console.log(users.born.table, users.born.name) // prints users born_on
 */
export function encryptedTable<const Columns extends Readonly<Record<string, EncryptedColumn<unknown>>>>(
  name: string,
  columns: Columns,
): TableOf<Columns> {
  requireName(name, "the name of a table")
  if (typeof columns !== "object" || columns === null) throw wrongType("columns", "an object", columns)
  const entries = Object.entries(columns)
  for (const [key, column] of entries) {
    requireName(column?.name, `the column ${key} of the table ${name}`)
    if (entries.filter(([, other]) => other.name === column.name).length > 1) {
      throw new TypeError(`two columns of the table ${name} are called ${column.name}`)
    }
  }
  const bound = entries.map(([key, column]) => [
    key,
    Object.freeze({ table: name, name: column.name, type: column.type }),
  ])
  return Object.freeze(Object.fromEntries(bound)) as TableOf<Columns>
}

/** Names are bound as UTF-8, and none is empty (S7). */
function requireName(name: unknown, what: string): void {
  if (typeof name !== "string" || name === "" || !name.isWellFormed()) {
    throw wrongType(what, "text that is not empty", name)
  }
}
