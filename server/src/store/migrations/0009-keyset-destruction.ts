/** Destroying key sets (S5): until when it can be undone, and when the keys were deleted, after which nothing undoes it. */
import { type Compilable, type Kysely, sql } from "kysely"
import type { ColumnTypes } from "./migration.ts"

export function keysetDestruction(db: Kysely<unknown>, { integer }: ColumnTypes): Compilable[] {
  return [
    db.schema
      .alterTable("keysets")
      .addColumn("undo_until", integer, (c) => c.check(sql`(undo_until is not null) = (state = 'destroyed')`)),
    db.schema
      .alterTable("keysets")
      .addColumn("purged_at", integer, (c) => c.check(sql`purged_at is null or state = 'destroyed'`)),
  ]
}
