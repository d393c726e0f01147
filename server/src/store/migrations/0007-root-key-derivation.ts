/** Root keys from a passphrase (S11): salt and parameters of scrypt. */
import type { Compilable, Kysely } from "kysely"
import type { ColumnTypes } from "./migration.ts"

export function rootKeyDerivation(db: Kysely<unknown>, { text }: ColumnTypes): Compilable[] {
  return [db.schema.alterTable("server").addColumn("root_key_derivation", text)]
}
