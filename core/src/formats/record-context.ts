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

/** A row of another program's table, for the Encryption SDK. An unbound row says so explicitly. */
export interface FieldContext {
  readonly purpose: "field"
  readonly workspaceId: WorkspaceId
  readonly keysetId: KeysetId
  readonly table: string
  readonly column: string
  readonly row: string
}

export type RecordContext = SecretContext | FieldContext

/** `purpose, context…` as they enter `pae` (S7). */
export function contextFields(context: RecordContext): PaeField[] {
  const place = [context.purpose, context.workspaceId, uuidBytes(context.keysetId)]
  if (context.purpose === "secret") return [...place, context.name, context.version]
  return [...place, context.table, context.column, context.row]
}
