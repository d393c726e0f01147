/** The Merkle tree of the audit log (S12): its hashes, an index of what entries are about, heads, and where old entries went. */
import { type Compilable, type CreateTableBuilder, type Kysely, sql } from "kysely"
import type { ColumnTypes } from "./migration.ts"

export function auditTree(db: Kysely<unknown>, { text, integer, bytes, tableEnd, clusteredEnd }: ColumnTypes) {
  const table = (
    name: string,
    key: readonly string[],
    define: (table: CreateTableBuilder<string, never>) => CreateTableBuilder<string, never>,
    end = tableEnd,
  ): Compilable =>
    define(
      db.schema
        .createTable(name)
        .addColumn("workspace_id", text, (c) =>
          c.notNull().modifyEnd(sql`references workspaces(id) deferrable initially deferred`),
        ) as CreateTableBuilder<string, never>,
    )
      .addPrimaryKeyConstraint(`${name}_pk`, ["workspace_id", ...key] as never)
      .modifyEnd(end)
  return [
    table("audit_tiles", ["level", "number"], (t) =>
      t
        .addColumn("level", integer, (c) => c.notNull())
        .addColumn("number", integer, (c) => c.notNull())
        .addColumn("hashes", bytes, (c) => c.notNull()),
    ),
    table(
      "audit_blocks",
      ["number"],
      (t) =>
        t
          .addColumn("number", integer, (c) => c.notNull())
          .addColumn("first_time", integer, (c) => c.notNull())
          .addColumn("last_time", integer, (c) => c.notNull()),
      clusteredEnd,
    ),
    table(
      "audit_terms",
      ["term", "block"],
      (t) =>
        t
          .addColumn("term", text, (c) => c.notNull())
          .addColumn("block", integer, (c) => c.notNull())
          .addColumn("places", bytes, (c) => c.notNull()),
      clusteredEnd,
    ),
    table("audit_leaves", ["run", "bucket"], (t) =>
      t
        .addColumn("run", integer, (c) => c.notNull())
        .addColumn("bucket", integer, (c) => c.notNull())
        .addColumn("leaves", bytes, (c) => c.notNull()),
    ),
    table("audit_checkpoints", [], (t) =>
      t
        .addColumn("incarnation", integer, (c) => c.notNull())
        .addColumn("size", integer, (c) => c.notNull())
        .addColumn("time", integer, (c) => c.notNull())
        .addColumn("note", text, (c) => c.notNull()),
    ),
    table("audit_archives", ["first"], (t) =>
      t
        .addColumn("first", integer, (c) => c.notNull())
        .addColumn("last", integer, (c) => c.notNull())
        .addColumn("file", text, (c) => c.notNull())
        .addColumn("hash", bytes, (c) => c.notNull())
        .addColumn("time", integer, (c) => c.notNull()),
    ),
    table("audit_cursors", ["stream"], (t) =>
      t.addColumn("stream", text, (c) => c.notNull()).addColumn("next", integer, (c) => c.notNull()),
    ),
  ]
}
