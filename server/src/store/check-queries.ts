/** Queries of `halfkey-server check`: whole tables, page by page where they may be large. */
import type { KeysetId, WorkspaceId } from "@halfkey/core/formats/ids"
import { sql } from "kysely"
import { defineQuery } from "./query.ts"

export const serverRows = defineQuery()((db) =>
  db
    .selectFrom("server")
    .select(["root_key_id as rootKeyId", "root_key_derivation as rootKeyDerivation", "created_at as createdAt"]),
)

export const signingKeyRows = defineQuery()((db) => db.selectFrom("signing_keys").select(["kid", "kind", "wrapped"]))

export const workspaceRows = defineQuery()((db) =>
  db
    .selectFrom("workspaces")
    .select(["id", "crn", "root_sign_pk as signPk", "root_kem_pk as kemPk", "audit_incarnation as auditIncarnation"])
    .orderBy("id"),
)

export const rosterRows = defineQuery<{ workspaceId: WorkspaceId }>()((db, p) =>
  db
    .selectFrom("rosters")
    .select(["seq as number", "document", "hash"])
    .where("workspace_id", "=", p("workspaceId"))
    .orderBy("seq"),
)

export const clientRows = defineQuery<{ workspaceId: WorkspaceId }>()((db, p) =>
  db
    .selectFrom("clients")
    .select(["id as clientId", "sign_pk as signPk", "kem_pk as kemPk"])
    .where("workspace_id", "=", p("workspaceId")),
)

export const keysetRows = defineQuery<{ workspaceId: WorkspaceId }>()((db, p) =>
  db
    .selectFrom("keysets")
    .select([
      "id",
      "name",
      "kind",
      "state",
      "revision",
      "epoch",
      "version_floor as versionFloor",
      "purged_at as purgedAt",
    ])
    .where("workspace_id", "=", p("workspaceId"))
    .orderBy("name"),
)

type OfKeyset = { keysetId: KeysetId }

export const manifestRows = defineQuery<OfKeyset>()((db, p) =>
  db
    .selectFrom("manifests")
    .select(["revision as number", "document", "hash"])
    .where("keyset_id", "=", p("keysetId"))
    .orderBy("revision"),
)

export const memberRows = defineQuery<OfKeyset>()((db, p) =>
  db
    .selectFrom("keyset_members")
    .select(["client_id as clientId", "mode"])
    .where("keyset_id", "=", p("keysetId"))
    .orderBy("client_id"),
)

export const grantRows = defineQuery<OfKeyset>()((db, p) =>
  db.selectFrom("grants").select(["client_id as clientId", "epoch"]).where("keyset_id", "=", p("keysetId")),
)

export const recoveryGrantRows = defineQuery<OfKeyset>()((db, p) =>
  db
    .selectFrom("recovery_grants")
    .select(["epoch", "enc", "sealed_half as sealedHalf"])
    .where("keyset_id", "=", p("keysetId")),
)

export const authorityKeyRows = defineQuery<OfKeyset>()((db, p) =>
  db.selectFrom("authority_keys").select(["epoch", "wrapped"]).where("keyset_id", "=", p("keysetId")),
)

/** Kept versions behind a record number, with what the secret that they belong to says. */
export const versionRows = defineQuery<{ after: number; limit: number }>()((db, p) =>
  db
    .selectFrom("secret_versions as v")
    .innerJoin("secrets as s", "s.id", "v.secret_id")
    .select([
      "v.record_number as recordNumber",
      "s.name",
      "v.version",
      "v.record",
      "v.hash",
      "v.keyset_id as keysetId",
      "s.keyset_id as secretKeysetId",
      "v.epoch",
      "v.key_id as keyId",
    ])
    .where("v.record_number", ">", p("after"))
    .orderBy("v.record_number")
    .limit(p("limit")),
)

/** Secrets that do not point to the newest of their versions. */
export const misledSecrets = defineQuery<{ limit: number }>()((db, p) =>
  db
    .selectFrom("secrets as s")
    .leftJoin("secret_versions as v", "v.record_number", "s.record_number")
    .select(["s.name", "s.keyset_id as keysetId"])
    .where((e) =>
      e.or([
        e("v.secret_id", "is", null),
        e("v.secret_id", "!=", e.ref("s.id")),
        e("v.version", "!=", e.ref("s.version")),
        e("v.deleted", "!=", e.ref("s.deleted")),
        e.exists(
          e
            .selectFrom("secret_versions as later")
            .select(sql<number>`1`.as("found"))
            .whereRef("later.secret_id", "=", "s.id")
            .whereRef("later.version", ">", "s.version"),
        ),
      ]),
    )
    .limit(p("limit")),
)

export const secretCount = defineQuery()((db) =>
  db.selectFrom("secrets").select((e) => e.fn.countAll<number>().as("count")),
)

/** Of an audit log: what lies in files. */
export const archiveRows = defineQuery<{ workspaceId: WorkspaceId }>()((db, p) =>
  db
    .selectFrom("audit_archives")
    .select(["first", "last"])
    .where("workspace_id", "=", p("workspaceId"))
    .orderBy("first"),
)

/** Tiles of a level from a number on. */
export const tileRows = defineQuery<{ workspaceId: WorkspaceId; level: number; after: number; limit: number }>()(
  (db, p) =>
    db
      .selectFrom("audit_tiles")
      .select(["number", "hashes"])
      .where("workspace_id", "=", p("workspaceId"))
      .where("level", "=", p("level"))
      .where("number", ">", p("after"))
      .orderBy("number")
      .limit(p("limit")),
)

export const checkpointRows = defineQuery<{ workspaceId: WorkspaceId }>()((db, p) =>
  db
    .selectFrom("audit_checkpoints")
    .select(["incarnation", "size", "note"])
    .where("workspace_id", "=", p("workspaceId")),
)
