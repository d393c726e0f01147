/** Queries of the vault. */
import type { KeysetId } from "@halfkey/core/formats/ids"
import { type Kysely, sql } from "kysely"
import { defineQuery } from "./query.ts"
import type { Schema } from "./schema.ts"

export const currentColumns = [
  "id",
  "name",
  "version",
  "deleted",
  "created_at as createdAt",
  "updated_at as updatedAt",
  "record_number as recordNumber",
] as const

export const currentSecret = defineQuery<{ keysetId: KeysetId; name: string }>()((db, p) =>
  db.selectFrom("secrets").select(currentColumns).where("keyset_id", "=", p("keysetId")).where("name", "=", p("name")),
)

/** Many names in one statement, so that a commit of several is seen whole or not at all. `names` is a JSON list. */
export const currentSecrets = defineQuery<{ keysetId: KeysetId; names: string }>()((db, p) =>
  db
    .selectFrom(sql<{ value: string }>`json_each(${p("names")})`.as("asked"))
    .innerJoin("secrets", (join) =>
      join.onRef("secrets.name", "=", "asked.value").on("secrets.keyset_id", "=", p("keysetId")),
    )
    .select(currentColumns.map((column) => `secrets.${column}` as const)),
)

/** `end` is the first name behind all that have the prefix; `deleted` 1 also shows deleted ones. */
export const listSecrets = defineQuery<{
  keysetId: KeysetId
  after: string
  from: string
  end: string
  limit: number
  deleted: number
}>()((db, p) =>
  db
    .selectFrom("secrets")
    .select(currentColumns)
    .where("keyset_id", "=", p("keysetId"))
    .where("name", ">", p("after"))
    .where("name", ">=", p("from"))
    .where("name", "<", p("end"))
    .where("deleted", "<=", p("deleted"))
    .orderBy("name")
    .limit(p("limit")),
)

const selectVersion = (db: Kysely<Schema>) =>
  db.selectFrom("secret_versions").innerJoin("secrets", "secrets.id", "secret_versions.secret_id")

export const secretVersion = defineQuery<{ keysetId: KeysetId; name: string; version: number }>()((db, p) =>
  selectVersion(db)
    .select([
      "secrets.id",
      "secrets.name",
      "secret_versions.version",
      "secret_versions.deleted",
      "secrets.created_at as createdAt",
      "secret_versions.created_at as updatedAt",
      "secret_versions.record_number as recordNumber",
      "secret_versions.hash",
    ])
    .where("secrets.keyset_id", "=", p("keysetId"))
    .where("secrets.name", "=", p("name"))
    .where("secret_versions.version", "=", p("version")),
)

export const versions = defineQuery<{ keysetId: KeysetId; name: string }>()((db, p) =>
  selectVersion(db)
    .select([
      "secret_versions.version",
      "secret_versions.deleted",
      "secret_versions.created_at as createdAt",
      "secret_versions.client_id as clientId",
      "secret_versions.epoch",
      sql<number>`length(secret_versions.record)`.as("size"),
    ])
    .where("secrets.keyset_id", "=", p("keysetId"))
    .where("secrets.name", "=", p("name"))
    .orderBy("secret_versions.version", "desc"),
)

export const record = defineQuery<{ recordNumber: number }>()((db, p) =>
  db
    .selectFrom("secret_versions")
    .select(["epoch", "key_id as keyId", "record"])
    .where("record_number", "=", p("recordNumber")),
)

export const anyRecordOfEpoch = defineQuery<{ keysetId: KeysetId; epoch: number }>()((db, p) =>
  db
    .selectFrom("secret_versions")
    .select("record_number")
    .where("keyset_id", "=", p("keysetId"))
    .where("epoch", "=", p("epoch"))
    .limit(1),
)

export const insertVersion = defineQuery<Omit<Schema["secret_versions"], "record_number">>()((db, p) =>
  db
    .insertInto("secret_versions")
    .values({
      secret_id: p("secret_id"),
      version: p("version"),
      deleted: p("deleted"),
      record: p("record"),
      hash: p("hash"),
      keyset_id: p("keyset_id"),
      epoch: p("epoch"),
      key_id: p("key_id"),
      client_id: p("client_id"),
      created_at: p("created_at"),
    })
    .returning("record_number as recordNumber"),
)

export const insertSecret = defineQuery<Schema["secrets"]>()((db, p) =>
  db.insertInto("secrets").values({
    id: p("id"),
    keyset_id: p("keyset_id"),
    name: p("name"),
    version: p("version"),
    deleted: p("deleted"),
    created_at: p("created_at"),
    updated_at: p("updated_at"),
    record_number: p("record_number"),
  }),
)

export const updateSecret = defineQuery<
  Pick<Schema["secrets"], "id" | "version" | "deleted" | "updated_at" | "record_number">
>()((db, p) =>
  db
    .updateTable("secrets")
    .set({
      version: p("version"),
      deleted: p("deleted"),
      updated_at: p("updated_at"),
      record_number: p("record_number"),
    })
    .where("id", "=", p("id")),
)
