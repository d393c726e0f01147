/** People's devices (S9): clients that need no API key, and those that ask to be let in. */
import { type Compilable, type Kysely, sql } from "kysely"
import type { ColumnTypes } from "./migration.ts"

export function devices(db: Kysely<unknown>, { text, integer, bytes, tableEnd }: ColumnTypes): Compilable[] {
  return [
    db.schema
      .alterTable("clients")
      .addColumn("device_role", text, (c) => c.check(sql`device_role in ('admin', 'member')`)),
    db.schema
      .createTable("pending_devices")
      .addColumn("id", text, (c) => c.primaryKey().notNull())
      .addColumn("workspace_id", text, (c) =>
        c.notNull().modifyEnd(sql`references workspaces(id) deferrable initially deferred`),
      )
      .addColumn("label", text, (c) => c.notNull())
      .addColumn("sign_pk", bytes, (c) => c.notNull())
      .addColumn("kem_pk", bytes, (c) => c.notNull())
      .addColumn("nonce", bytes, (c) => c.notNull())
      .addColumn("address", text, (c) => c.notNull())
      .addColumn("filed_at", integer, (c) => c.notNull())
      .addColumn("expires_at", integer, (c) => c.notNull())
      .addColumn("rejected_at", integer)
      .modifyEnd(tableEnd),
    db.schema.createIndex("pending_devices_by_workspace").on("pending_devices").columns(["workspace_id", "filed_at"]),
  ]
}
