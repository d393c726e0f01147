/** What a record is bound to (S7): its purpose, and the place where alone it opens. */
import { type KeysetId, uuidBytes, type WorkspaceId } from "./ids.ts"
import type { PaeField } from "./pae.ts"

/** A vault record: this name and version, in this environment of this workspace. */
export interface SecretContext {
  readonly purpose: "secret"
  readonly workspaceId: WorkspaceId
  readonly keysetId: KeysetId
  readonly name: string
  readonly version: number
}

/** Stands for a row in a field's context that is deliberately bound to none, so may be moved between rows (S7). */
export const unboundRow: unique symbol = Symbol("unbound row")

/** A row of another program's table, for the Encryption SDK. An unbound row says so explicitly. */
export interface FieldContext {
  readonly purpose: "field"
  readonly workspaceId: WorkspaceId
  readonly keysetId: KeysetId
  readonly table: string
  readonly column: string
  readonly row: string | typeof unboundRow
}

export type RecordContext = SecretContext | FieldContext

/** `purpose, context…` as they enter `pae` (S7). Throws `RangeError` for an empty name, table, column or row. */
export function contextFields(context: RecordContext): PaeField[] {
  const place = [context.purpose, context.workspaceId, uuidBytes(context.keysetId)]
  if (context.purpose === "secret") return [...place, notEmpty(context.name), context.version]
  const { table, column, row } = context
  // Absent, so the empty string: no row may spell that.
  return [...place, notEmpty(table), notEmpty(column), row === unboundRow ? undefined : notEmpty(row)]
}

function notEmpty(text: string): string {
  if (text === "") throw new RangeError("a record's context holds no empty text")
  return text
}
