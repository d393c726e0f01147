/** Bringing a PostgreSQL database to this version's schema: one replica at a time, forward only. */
import { HalfkeyError } from "@halfkey/core/formats/errors"
import { type Kysely, sql } from "kysely"
import type { ClientBase } from "pg"
import { type ColumnTypes, migrations } from "../migrations/migration.ts"
import { postgresBuilder } from "./compiling.ts"

const schemaVersion = migrations.length

const columnTypes: ColumnTypes = {
  // Compared by bytes, whatever language the database was made for.
  text: sql`text collate "C"`,
  integer: "bigint",
  bytes: "bytea",
  serial: { type: "bigserial", define: (column) => column.primaryKey() },
  byteOrder: sql``,
  tableEnd: sql``,
  clusteredEnd: sql``,
  refersForward: false,
}

/** Needs the lock of the server's rows. Throws `database_too_new`, `database_damaged`. */
export async function prepareSchema(client: ClientBase): Promise<void> {
  const found = await versionOf(client)
  if (found > schemaVersion) {
    throw new HalfkeyError(
      "database_too_new",
      `the database has schema version ${found}, this server knows up to ${schemaVersion}`,
      { hint: "start the newer halfkey-server again, or restore a backup that was made before the update" },
    )
  }
  for (let version = found; version < schemaVersion; version++) await migrate(client, version + 1)
}

/** 0 for an empty database. */
export async function versionOf(client: ClientBase): Promise<number> {
  const tables = await client.query(
    "select relname from pg_class where relnamespace = current_schema()::regnamespace and relkind in ('r', 'p')",
  )
  if (tables.rows.some(({ relname }) => relname === "halfkey_schema")) {
    const { rows } = await client.query("select version from halfkey_schema")
    return rows[0]?.version ?? 0
  }
  if (tables.rows.length === 0) return 0
  throw new HalfkeyError("database_damaged", "the database holds tables that are not Halfkey's", {
    hint: "give Halfkey a database of its own: createdb halfkey",
  })
}

/** One transaction for each: after a crash the database has the old schema or the new one. */
async function migrate(client: ClientBase, version: number): Promise<void> {
  const changes = migrations[version - 1]?.(postgresBuilder as unknown as Kysely<unknown>, columnTypes) ?? []
  const texts = [
    "create table if not exists halfkey_schema (only_one boolean primary key default true check (only_one), version int not null)",
    ...changes.map((each) => each.compile().sql),
    `insert into halfkey_schema (version) values (${version}) on conflict (only_one) do update set version = ${version}`,
  ]
  await client.query("begin")
  try {
    for (const text of texts) await client.query(text)
    await client.query("commit")
  } catch (error) {
    await client.query("rollback")
    throw error
  }
}
