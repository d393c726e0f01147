/** Re-sealing replaces rows that `secrets` points to (S5): without this index each replacement would look at every secret. */
import type { Compilable, Kysely } from "kysely"

export function secretsByRecord(db: Kysely<unknown>): Compilable[] {
  return [db.schema.createIndex("secrets_by_record").on("secrets").columns(["record_number"])]
}
