/** Recovery (S5): an assertion of a workspace's root counts once. Those of clients have a table of their own. */
import { type Compilable, type Kysely, sql } from "kysely"
import type { ColumnTypes } from "./migration.ts"

export function rootAssertions(db: Kysely<unknown>, { text, integer, tableEnd }: ColumnTypes): Compilable[] {
  return [
    db.schema
      .createTable("used_root_assertions")
      .addColumn("workspace_id", text, (c) =>
        c.notNull().modifyEnd(sql`references workspaces(id) deferrable initially deferred`),
      )
      .addColumn("jti", text, (c) => c.notNull())
      .addColumn("expires_at", integer, (c) => c.notNull())
      .addPrimaryKeyConstraint("used_root_assertions_pk", ["workspace_id", "jti"] as never)
      .modifyEnd(tableEnd),
    db.schema.createIndex("used_root_assertions_by_expiry").on("used_root_assertions").columns(["expires_at"]),
  ]
}
