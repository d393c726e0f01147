/** Statements that PostgreSQL spells in another way, each in the place of the common one. */
import { type RawBuilder, sql } from "kysely"
import { defineQuery, type Query } from "../query.ts"
import type { Schema } from "../schema.ts"
import { currentColumns, currentSecrets } from "../secret-queries.ts"
import { deleteSigningKey } from "../server-key-queries.ts"
import { deleteExpiredAssertions, insertSigningKey, insertWorkspace, nextGeneration } from "../state-queries.ts"

/** What replicas tell each other on: the id of a workspace that changed, or `keysChanged`. */
export const channel = "halfkey_changes"
export const keysChanged = "keys"

/** Tells the others when the transaction is committed, and only then. */
const tell = (payload: RawBuilder<unknown>) => sql`pg_notify(${sql.lit(channel)}, ${payload})`.as("told")
const tellKeys = tell(sql.lit(keysChanged))

/** At most so many at a time, and none that another replica is deleting: nobody waits for this. */
const expiredAtOnce = 100

type AnyQuery = Query<unknown, never>

/** The same parameters; of the rows only the columns that the common one has are looked at. */
const instead = <Row, Params>(common: Query<Row, Params>, ours: Query<unknown, Params>) =>
  [common as AnyQuery, ours as AnyQuery] as const

export const statements: ReadonlyMap<AnyQuery, AnyQuery> = new Map([
  instead(
    nextGeneration,
    defineQuery<{ id: Schema["workspaces"]["id"] }>()((db, p) =>
      db
        .updateTable("workspaces")
        .set((each) => ({ generation: each("generation", "+", 1) }))
        .where("id", "=", p("id"))
        .returning(tell(sql.ref("workspaces.id"))),
    ),
  ),
  instead(
    insertWorkspace,
    defineQuery<Omit<Schema["workspaces"], "audit_incarnation">>()((db, p) =>
      db
        .insertInto("workspaces")
        .values({
          id: p("id"),
          crn: p("crn"),
          generation: p("generation"),
          root_sign_pk: p("root_sign_pk"),
          root_kem_pk: p("root_kem_pk"),
          created_at: p("created_at"),
        })
        .returning(tell(sql.ref("workspaces.id"))),
    ),
  ),
  instead(
    insertSigningKey,
    defineQuery<Schema["signing_keys"]>()((db, p) =>
      db
        .insertInto("signing_keys")
        .values({ kid: p("kid"), kind: p("kind"), wrapped: p("wrapped"), created_at: p("created_at") })
        .returning(tellKeys),
    ),
  ),
  instead(
    deleteSigningKey,
    defineQuery<{ kid: string }>()((db, p) =>
      db.deleteFrom("signing_keys").where("kid", "=", p("kid")).returning(tellKeys),
    ),
  ),
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
