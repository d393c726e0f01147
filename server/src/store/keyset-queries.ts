/** Queries of key sets: documents, members, grants, wrapped keys. */
import type { ClientId, KeysetId, WorkspaceId } from "@halfkey/core/formats/ids"
import type { Kysely } from "kysely"
import { defineQuery } from "./query.ts"
import type { Schema } from "./schema.ts"

const selectKeyset = (db: Kysely<Schema>) =>
  db.selectFrom("keysets").select((each) => [
    "id",
    "workspace_id as workspaceId",
    "name",
    "kind",
    "state",
    "revision",
    "epoch",
    "version_floor as versionFloor",
    "created_at as createdAt",
    "updated_at as updatedAt",
    "undo_until as undoUntil",
    "purged_at as purgedAt",
    each
      .selectFrom("keyset_members")
      .select((member) => member.fn.countAll<number>().as("count"))
      .whereRef("keyset_members.keyset_id", "=", "keysets.id")
      .$asScalar()
      .$notNull()
      .as("memberCount"),
  ])

export const keysetById = defineQuery<{ workspaceId: WorkspaceId; id: KeysetId }>()((db, p) =>
  selectKeyset(db).where("workspace_id", "=", p("workspaceId")).where("id", "=", p("id")),
)

export const keysetByName = defineQuery<{ workspaceId: WorkspaceId; name: string }>()((db, p) =>
  selectKeyset(db).where("workspace_id", "=", p("workspaceId")).where("name", "=", p("name")),
)

export const keysets = defineQuery<{ workspaceId: WorkspaceId }>()((db, p) =>
  selectKeyset(db).where("workspace_id", "=", p("workspaceId")).orderBy("name"),
)

/** Whether any workspace has a key set of this id. */
export const anyKeyset = defineQuery<{ id: KeysetId }>()((db, p) =>
  db.selectFrom("keysets").select("id").where("id", "=", p("id")),
)

export const mode = defineQuery<{ keysetId: KeysetId; clientId: ClientId }>()((db, p) =>
  db
    .selectFrom("keyset_members")
    .select("mode")
    .where("keyset_id", "=", p("keysetId"))
    .where("client_id", "=", p("clientId")),
)

const selectMembership = (db: Kysely<Schema>) =>
  db
    .selectFrom("keyset_members")
    .innerJoin("keysets", "keysets.id", "keyset_members.keyset_id")
    .select(["keyset_id as keysetId", "client_id as clientId", "mode"])

export const memberships = defineQuery<{ workspaceId: WorkspaceId }>()((db, p) =>
  selectMembership(db).where("keysets.workspace_id", "=", p("workspaceId")).orderBy("keysets.name"),
)

export const membershipsOf = defineQuery<{ workspaceId: WorkspaceId; clientId: ClientId }>()((db, p) =>
  selectMembership(db)
    .where("keysets.workspace_id", "=", p("workspaceId"))
    .where("client_id", "=", p("clientId"))
    .orderBy("keysets.name"),
)

export const manifestsSince = defineQuery<{ keysetId: KeysetId; revision: number }>()((db, p) =>
  db
    .selectFrom("manifests")
    .select(["revision as number", "document as json", "hash"])
    .where("keyset_id", "=", p("keysetId"))
    .where("revision", ">=", p("revision"))
    .orderBy("revision"),
)

export const newestManifest = defineQuery<{ keysetId: KeysetId }>()((db, p) =>
  db
    .selectFrom("manifests")
    .select(["revision as number", "document as json", "hash"])
    .where("keyset_id", "=", p("keysetId"))
    .orderBy("revision", "desc")
    .limit(1),
)

const selectGrant = (db: Kysely<Schema>) =>
  db
    .selectFrom("grants")
    .select([
      "keyset_id as keysetId",
      "epoch",
      "client_id as clientId",
      "enc",
      "sealed_half as sealedHalf",
      "self_wrap as selfWrap",
    ])

export const grants = defineQuery<{ keysetId: KeysetId }>()((db, p) =>
  selectGrant(db).where("keyset_id", "=", p("keysetId")).orderBy("epoch").orderBy("client_id"),
)

export const grantsOf = defineQuery<{ keysetId: KeysetId; clientId: ClientId }>()((db, p) =>
  selectGrant(db).where("keyset_id", "=", p("keysetId")).where("client_id", "=", p("clientId")).orderBy("epoch"),
)

export const recoveryGrants = defineQuery<{ keysetId: KeysetId }>()((db, p) =>
  db
    .selectFrom("recovery_grants")
    .select(["keyset_id as keysetId", "epoch", "enc", "sealed_half as sealedHalf"])
    .where("keyset_id", "=", p("keysetId"))
    .orderBy("epoch"),
)

export const authorityKey = defineQuery<{ keysetId: KeysetId; epoch: number }>()((db, p) =>
  db
    .selectFrom("authority_keys")
    .select(["keyset_id as keysetId", "epoch", "wrapped"])
    .where("keyset_id", "=", p("keysetId"))
    .where("epoch", "=", p("epoch")),
)

export const insertKeyset = defineQuery<Schema["keysets"]>()((db, p) =>
  db.insertInto("keysets").values({
    id: p("id"),
    workspace_id: p("workspace_id"),
    name: p("name"),
    kind: p("kind"),
    state: p("state"),
    revision: p("revision"),
    epoch: p("epoch"),
    version_floor: p("version_floor"),
    created_at: p("created_at"),
    updated_at: p("updated_at"),
    undo_until: p("undo_until"),
    purged_at: p("purged_at"),
  }),
)

/** The compare and the set: changes no row unless the stored revision is the one before. */
export const updateKeyset = defineQuery<
  Omit<Schema["keysets"], "name" | "kind" | "created_at" | "purged_at"> & { previous_revision: number }
>()((db, p) =>
  db
    .updateTable("keysets")
    .set({
      state: p("state"),
      revision: p("revision"),
      epoch: p("epoch"),
      version_floor: p("version_floor"),
      updated_at: p("updated_at"),
      undo_until: p("undo_until"),
    })
    .where("workspace_id", "=", p("workspace_id"))
    .where("id", "=", p("id"))
    .where("revision", "=", p("previous_revision")),
)

export const insertManifest = defineQuery<Schema["manifests"]>()((db, p) =>
  db.insertInto("manifests").values({
    keyset_id: p("keyset_id"),
    revision: p("revision"),
    document: p("document"),
    hash: p("hash"),
  }),
)

export const deleteMembers = defineQuery<{ keysetId: KeysetId }>()((db, p) =>
  db.deleteFrom("keyset_members").where("keyset_id", "=", p("keysetId")),
)

export const insertMember = defineQuery<Schema["keyset_members"]>()((db, p) =>
  db.insertInto("keyset_members").values({
    keyset_id: p("keyset_id"),
    client_id: p("client_id"),
    mode: p("mode"),
  }),
)

export const saveGrant = defineQuery<Schema["grants"]>()((db, p) =>
  db
    .insertInto("grants")
    .values({
      keyset_id: p("keyset_id"),
      epoch: p("epoch"),
      client_id: p("client_id"),
      enc: p("enc"),
      sealed_half: p("sealed_half"),
      self_wrap: p("self_wrap"),
    })
    .onConflict((each) =>
      each.columns(["keyset_id", "epoch", "client_id"]).doUpdateSet((row) => ({
        enc: row.ref("excluded.enc"),
        sealed_half: row.ref("excluded.sealed_half"),
        self_wrap: row.ref("excluded.self_wrap"),
      })),
    ),
)

export const deleteGrantsOfOthers = defineQuery<{ keysetId: KeysetId }>()((db, p) =>
  db
    .deleteFrom("grants")
    .where("keyset_id", "=", p("keysetId"))
    .where("client_id", "not in", (each) =>
      each.selectFrom("keyset_members").select("client_id").where("keyset_id", "=", p("keysetId")),
    ),
)

export const saveSelfWrap = defineQuery<{
  keysetId: KeysetId
  clientId: ClientId
  epoch: number
  selfWrap: Uint8Array
}>()((db, p) =>
  db
    .updateTable("grants")
    .set({ self_wrap: p("selfWrap") })
    .where("keyset_id", "=", p("keysetId"))
    .where("client_id", "=", p("clientId"))
    .where("epoch", "=", p("epoch")),
)

export const insertRecoveryGrant = defineQuery<Schema["recovery_grants"]>()((db, p) =>
  db.insertInto("recovery_grants").values({
    keyset_id: p("keyset_id"),
    epoch: p("epoch"),
    enc: p("enc"),
    sealed_half: p("sealed_half"),
  }),
)

export const insertAuthorityKey = defineQuery<Schema["authority_keys"]>()((db, p) =>
  db.insertInto("authority_keys").values({
    keyset_id: p("keyset_id"),
    epoch: p("epoch"),
    wrapped: p("wrapped"),
  }),
)

export const epochsOf = defineQuery<{ keysetId: KeysetId }>()((db, p) =>
  db.selectFrom("authority_keys").select("epoch").where("keyset_id", "=", p("keysetId")),
)

type OfEpoch = { keysetId: KeysetId; epoch: number }

export const deleteGrantsOfEpoch = defineQuery<OfEpoch>()((db, p) =>
  db.deleteFrom("grants").where("keyset_id", "=", p("keysetId")).where("epoch", "=", p("epoch")),
)

export const deleteRecoveryGrantOfEpoch = defineQuery<OfEpoch>()((db, p) =>
  db.deleteFrom("recovery_grants").where("keyset_id", "=", p("keysetId")).where("epoch", "=", p("epoch")),
)

export const deleteAuthorityKey = defineQuery<OfEpoch>()((db, p) =>
  db.deleteFrom("authority_keys").where("keyset_id", "=", p("keysetId")).where("epoch", "=", p("epoch")),
)
