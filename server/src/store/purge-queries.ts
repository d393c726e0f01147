/** Queries of destruction (S5): which key sets wait for it, and deleting what opens their records. */
import type { KeysetId } from "@halfkey/core/formats/ids"
import { defineQuery } from "./query.ts"

/** The one that is due first comes first. */
export const unpurgedKeysets = defineQuery()((db) =>
  db
    .selectFrom("keysets")
    .select(["id", "workspace_id as workspaceId", "name", "undo_until as undoUntil"])
    .$narrowType<{ undoUntil: number }>()
    .where("state", "=", "destroyed")
    .where("purged_at", "is", null)
    .orderBy("undo_until")
    .orderBy("id"),
)

/** Changes no row unless it is due and was not purged before. */
export const markPurged = defineQuery<{ keysetId: KeysetId; purgedAt: number }>()((db, p) =>
  db
    .updateTable("keysets")
    .set({ purged_at: p("purgedAt") })
    .where("id", "=", p("keysetId"))
    .where("state", "=", "destroyed")
    .where("purged_at", "is", null)
    .where("undo_until", "<=", p("purgedAt")),
)

type Of = { keysetId: KeysetId }

export const deleteAuthorityKeys = defineQuery<Of>()((db, p) =>
  db.deleteFrom("authority_keys").where("keyset_id", "=", p("keysetId")),
)

/** With their self-wraps. */
export const deleteGrants = defineQuery<Of>()((db, p) => db.deleteFrom("grants").where("keyset_id", "=", p("keysetId")))

export const deleteRecoveryGrants = defineQuery<Of>()((db, p) =>
  db.deleteFrom("recovery_grants").where("keyset_id", "=", p("keysetId")),
)
