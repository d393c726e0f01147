/** One state of a PostgreSQL database, while replicas write to it, read for a command. */
import { HalfkeyError } from "@halfkey/core/formats/errors"
import { migrations } from "../migrations/migration.ts"
import type { Reader } from "../query.ts"
import { PostgresTransaction } from "./connection.ts"
import { connectAlone, type PostgresSettings, patienceForLocks } from "./pool.ts"
import { versionOf } from "./schema.ts"

/** Throws `unavailable` where it cannot be reached, `invalid_configuration` for another schema than this version's. */
export async function readPostgres<T>(settings: PostgresSettings, body: (reader: Reader) => Promise<T>): Promise<T> {
  const client = await connectAlone(settings, { patience: patienceForLocks }).catch((cause: unknown) => {
    throw new HalfkeyError("unavailable", `the database ${settings.database} on ${settings.host} cannot be reached`, {
      hint: "check HALFKEY_DATABASE_URL, and that PostgreSQL runs",
      cause,
    })
  })
  try {
    await client.query("begin isolation level repeatable read read only")
    const schema = await versionOf(client)
    if (schema !== migrations.length) {
      throw new HalfkeyError(
        "invalid_configuration",
        `the database has schema ${schema}, this version ${migrations.length}`,
        {
          hint: "start halfkey-server of the version that the database is of, or of this one: it brings the database to its schema",
        },
      )
    }
    return await body(new PostgresTransaction(client))
  } finally {
    await client.end()
  }
}
