/** Rotated API keys know their successor and their end; and when each key and client was last used. */
import type { Compilable, Kysely } from "kysely"
import type { ColumnTypes } from "./migration.ts"

export function apiKeyUse(db: Kysely<unknown>, { text, integer, tableEnd }: ColumnTypes): Compilable[] {
  return [
    db.schema.alterTable("api_keys").addColumn("rotated_to", text),
    db.schema.alterTable("api_keys").addColumn("retires_at", integer),
    // A table of its own: writing it changes nothing that anybody decides on.
    db.schema
      .createTable("last_uses")
      .addColumn("id", text, (c) => c.primaryKey().notNull())
      .addColumn("at", integer, (c) => c.notNull())
      .modifyEnd(tableEnd),
  ]
}
