/** Statements that PostgreSQL spells in another way, each in the place of the common one. */
import { sql } from "kysely"
import { defineQuery, type Query } from "../query.ts"
import type { Schema } from "../schema.ts"
import { currentColumns, currentSecrets } from "../secret-queries.ts"
import { deleteSigningKey } from "../server-key-queries.ts"
import { deleteExpiredAssertions, insertSigningKey, insertWorkspace, nextGeneration } from "../state-queries.ts"

/** What replicas tell each other on: the id of a workspace that changed, or `keysChanged`. */
export const channel = "halfkey_changes"
export const keysChanged = "keys"

/** At most so many at a time, and none that another replica is deleting: nobody waits for this. */
const expiredAtOnce = 100

type AnyQuery = Query<unknown, never>

/** The same parameters; of the rows only the columns that the common one has are looked at. */
const instead = <Row, Params>(common: Query<Row, Params>, ours: Query<unknown, Params>) =>
  [common as AnyQuery, ours as AnyQuery] as const

/** The common one; it tells the others `what`, as SQL, when its transaction is committed, and only then. */
const telling = <Params>(common: Query<unknown, Params>, what: string) =>
  instead(common, {
    compile: (db) => {
      const compiled = common.compile(db)
      return { ...compiled, sql: `${compiled.sql} returning pg_notify('${channel}', ${what})` }
    },
  })

export const statements: ReadonlyMap<AnyQuery, AnyQuery> = new Map([
  telling(nextGeneration, "workspaces.id"),
  telling(insertWorkspace, "workspaces.id"),
  telling(insertSigningKey, `'${keysChanged}'`),
  telling(deleteSigningKey, `'${keysChanged}'`),
  instead(
    currentSecrets,
    defineQuery<{ keysetId: Schema["secrets"]["keyset_id"]; names: string }>()((db, p) =>
      db
        .selectFrom(sql<{ value: string }>`json_array_elements_text(${p("names")}::json)`.as("asked"))
        .innerJoin("secrets", (join) =>
          join.onRef("secrets.name", "=", "asked.value").on("secrets.keyset_id", "=", p("keysetId")),
        )
        .select(currentColumns.map((column) => `secrets.${column}` as const)),
    ),
  ),
  instead(
    deleteExpiredAssertions,
    defineQuery<{ now: number }>()((db, p) =>
      db
        .deleteFrom("used_assertions")
        .where((each) =>
          each(
            sql`(client_id, jti)`,
            "in",
            db
              .selectFrom("used_assertions")
              .select(["client_id", "jti"])
              .where("expires_at", "<", p("now"))
              .limit(sql.lit(expiredAtOnce))
              .forUpdate()
              .skipLocked(),
          ),
        ),
    ),
  ),
])
