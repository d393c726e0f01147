/** What the calls of `halfkey/encryption` take and give. */
import type { EncryptedPayload } from "@halfkey/core/formats/field-payload"
import type { unboundRow } from "@halfkey/core/formats/record-context"
import type { CallOptions, SecretsOptions } from "../options.ts"
import type { ColumnValue, EncryptedTable, TableColumn } from "./schema.ts"

/** Which key set: by the name that your team gave it, or by its id. */
export type KeysetReference =
  | { readonly name: string; readonly id?: undefined }
  | { readonly id: string; readonly name?: undefined }

/** Settings of `Encryption`: the key set, and those of `Secrets`, which fall back to the same variables. */
export interface EncryptionConfig extends Omit<SecretsOptions, "archive" | "cache" | "environment"> {
  readonly keyset: KeysetReference
}

/** What `Encryption` takes. */
export interface EncryptionOptions {
  /** Every table that is used, so that no two have one name. */
  readonly schemas: readonly EncryptedTable[]
  readonly config: EncryptionConfig
}

/** Of one call: what is left out is as in `config`. */
export type EncryptionCallOptions = Omit<CallOptions, "environment">

/**
 * What tells a row from the others of its table, and never changes: its primary key. Whole numbers count as their decimal
 * text. A value that was encrypted for one row does not decrypt for another; `UNBOUND` gives that up.
 */
export type Row = string | number | bigint | typeof unboundRow

/** Where a value is: it decrypts nowhere else. */
export interface FieldPlace<Value> {
  readonly column: TableColumn<Value>
  readonly row: Row
}

/** A value on its way to a row. */
export interface FieldToEncrypt<Value> {
  readonly value: Value | null
  readonly row: Row
}

/** What stands in a row: a payload, the same as JSON text, or null. */
export interface FieldToDecrypt {
  readonly payload: unknown
  readonly row: Row
}

/** `null` and `undefined`, as far as a type has them. */
export type Absent<Type> = unknown extends Type ? null | undefined : Extract<Type, null | undefined>

/** A model that fits a table: encrypted columns may be null or left out, other members are what they are. */
export type ModelFor<Table> = { readonly [Key in keyof Table]?: ColumnValue<Table[Key]> | null | undefined }

/** A model whose encrypted columns hold payloads. */
export type EncryptedModel<Model, Table> = {
  [Key in keyof Model]: Key extends keyof Table ? EncryptedPayload | Absent<Model[Key]> : Model[Key]
}

/** A model as it was before it was encrypted. */
export type DecryptedModel<Model, Table> = {
  [Key in keyof Model]: Key extends keyof Table ? ColumnValue<Table[Key]> | Absent<Model[Key]> : Model[Key]
}

/** Where a model is. */
export interface ModelPlace<Table> {
  readonly table: Table
  readonly row: Row
}

/** Where models are: the row of each, or `UNBOUND`. */
export interface ModelsPlace<Table, Model> {
  readonly table: Table
  readonly row: ((model: Model) => Row) | typeof unboundRow
}
