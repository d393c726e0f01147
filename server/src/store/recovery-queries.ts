/** Queries of rosters that are replaced, and of recovery. */
import type { WorkspaceId } from "@halfkey/core/formats/ids"
import { defineQuery } from "./query.ts"

export const newestRosterSeq = defineQuery<{ workspaceId: WorkspaceId }>()((db, p) =>
  db.selectFrom("rosters").select("seq").where("workspace_id", "=", p("workspaceId")).orderBy("seq", "desc").limit(1),
)

export const insertRootAssertion = defineQuery<{ workspaceId: WorkspaceId; jti: string; expiresAt: number }>()(
  (db, p) =>
    db
      .insertInto("used_root_assertions")
      .values({ workspace_id: p("workspaceId"), jti: p("jti"), expires_at: p("expiresAt") })
      .onConflict((each) => each.columns(["workspace_id", "jti"]).doNothing()),
)

export const usedRootAssertion = defineQuery<{ workspaceId: WorkspaceId; jti: string }>()((db, p) =>
  db
    .selectFrom("used_root_assertions")
    .select("jti")
    .where("workspace_id", "=", p("workspaceId"))
    .where("jti", "=", p("jti")),
)

export const deleteExpiredRootAssertions = defineQuery<{ now: number }>()((db, p) =>
  db.deleteFrom("used_root_assertions").where("expires_at", "<", p("now")),
)

type RevokedAt = { workspaceId: WorkspaceId; revokedAt: number }

export const revokeAllClients = defineQuery<RevokedAt>()((db, p) =>
  db
    .updateTable("clients")
    .set({ revoked_at: p("revokedAt") })
    .where("workspace_id", "=", p("workspaceId"))
    .where("revoked_at", "is", null),
)

export const revokeAllApiKeys = defineQuery<RevokedAt>()((db, p) =>
  db
    .updateTable("api_keys")
    .set({ revoked_at: p("revokedAt") })
    .where("workspace_id", "=", p("workspaceId"))
    .where("revoked_at", "is", null),
)
