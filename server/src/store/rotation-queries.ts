/** Queries of rotations (S5): what is left under earlier epochs, and replacing a record without touching its version. */
import type { KeysetId } from "@halfkey/core/formats/ids"
import { defineQuery } from "./query.ts"

/** In the order of the index, so that a page costs what it holds. */
export const staleRecords = defineQuery<{
  keysetId: KeysetId
  epoch: number
  afterEpoch: number
  afterNumber: number
  limit: number
}>()((db, p) =>
  db
    .selectFrom("secret_versions")
    .innerJoin("secrets", "secrets.id", "secret_versions.secret_id")
    .select([
      "secret_versions.record_number as recordNumber",
      "secrets.name",
      "secret_versions.version",
      "secret_versions.deleted",
      "secret_versions.epoch",
      "secret_versions.key_id as keyId",
      "secret_versions.record",
    ])
    .where("secret_versions.keyset_id", "=", p("keysetId"))
    .where("secret_versions.epoch", "<", p("epoch"))
    .where("secret_versions.epoch", ">=", p("afterEpoch"))
    .where((where) =>
      where.or([
        where("secret_versions.epoch", ">", p("afterEpoch")),
        where("secret_versions.record_number", ">", p("afterNumber")),
      ]),
    )
    .orderBy("secret_versions.epoch")
    .orderBy("secret_versions.record_number")
    .limit(p("limit")),
)

export const countStaleRecords = defineQuery<{ keysetId: KeysetId; epoch: number }>()((db, p) =>
  db
    .selectFrom("secret_versions")
    .select((each) => each.fn.countAll<number>().as("count"))
    .where("keyset_id", "=", p("keysetId"))
    .where("epoch", "<", p("epoch")),
)

/** A version with all that stays when its record is replaced. */
export const storedVersion = defineQuery<{ keysetId: KeysetId; name: string; version: number }>()((db, p) =>
  db
    .selectFrom("secret_versions")
    .innerJoin("secrets", "secrets.id", "secret_versions.secret_id")
    .select([
      "secret_versions.record_number",
      "secret_versions.secret_id",
      "secret_versions.version",
      "secret_versions.deleted",
      "secret_versions.hash",
      "secret_versions.keyset_id",
      "secret_versions.epoch",
      "secret_versions.client_id",
      "secret_versions.created_at",
    ])
    .where("secrets.keyset_id", "=", p("keysetId"))
    .where("secrets.name", "=", p("name"))
    .where("secret_versions.version", "=", p("version")),
)

export const deleteVersion = defineQuery<{ recordNumber: number }>()((db, p) =>
  db.deleteFrom("secret_versions").where("record_number", "=", p("recordNumber")),
)

/** Only where it was the newest version that got another record. */
export const pointToRecord = defineQuery<{ secretId: string; from: number; to: number }>()((db, p) =>
  db
    .updateTable("secrets")
    .set({ record_number: p("to") })
    .where("id", "=", p("secretId"))
    .where("record_number", "=", p("from")),
)
