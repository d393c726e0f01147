/** Restores (S10): which history of the workspace its audit log belongs to. Raised by the first manifest of an accepted restore. */
import type { Compilable, Kysely } from "kysely"
import type { ColumnTypes } from "./migration.ts"

export function auditIncarnation(db: Kysely<unknown>, { integer }: ColumnTypes): Compilable[] {
  return [db.schema.alterTable("workspaces").addColumn("audit_incarnation", integer, (c) => c.notNull().defaultTo(1))]
}
