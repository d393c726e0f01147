/** Queries of rotated API keys, and of when keys and clients were last used. */
import type { ApiKeyId, ClientId, WorkspaceId } from "@halfkey/core/formats/ids"
import { defineQuery } from "./query.ts"

/** Changes no row for a key that is revoked or was rotated before. */
export const retireApiKey = defineQuery<{
  workspaceId: WorkspaceId
  id: ApiKeyId
  rotatedTo: ApiKeyId
  retiresAt: number
}>()((db, p) =>
  db
    .updateTable("api_keys")
    .set({ rotated_to: p("rotatedTo"), retires_at: p("retiresAt") })
    .where("workspace_id", "=", p("workspaceId"))
    .where("id", "=", p("id"))
    .where("revoked_at", "is", null)
    .where("rotated_to", "is", null),
)

export const lastUses = defineQuery<{ workspaceId: WorkspaceId }>()((db, p) => {
  const apiKeys = db.selectFrom("api_keys").select("id").where("workspace_id", "=", p("workspaceId"))
  const clients = db.selectFrom("clients").select("id").where("workspace_id", "=", p("workspaceId"))
  return db
    .selectFrom("last_uses")
    .select(["id", "at"])
    .where((each) => each.or([each("id", "in", apiKeys), each("id", "in", clients)]))
})

/** Never goes back. */
export const saveLastUse = defineQuery<{ id: ApiKeyId | ClientId; at: number }>()((db, p) =>
  db
    .insertInto("last_uses")
    .values({ id: p("id"), at: p("at") })
    .onConflict((conflict) =>
      conflict
        .column("id")
        .doUpdateSet({ at: (each) => each.ref("excluded.at") })
        .whereRef("last_uses.at", "<", "excluded.at"),
    ),
)
