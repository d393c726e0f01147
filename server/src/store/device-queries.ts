/** Queries of devices that ask to be let in (S9). */
import type { ClientId, WorkspaceId } from "@halfkey/core/formats/ids"
import { defineQuery } from "./query.ts"
import type { Schema } from "./schema.ts"

const columns = [
  "id",
  "workspace_id as workspaceId",
  "label",
  "sign_pk as signPk",
  "kem_pk as kemPk",
  "nonce",
  "address",
  "filed_at as filedAt",
  "expires_at as expiresAt",
  "rejected_at as rejectedAt",
] as const

type Key = { workspaceId: WorkspaceId; id: ClientId }

export const pendingDevice = defineQuery<Key>()((db, p) =>
  db
    .selectFrom("pending_devices")
    .select(columns)
    .where("workspace_id", "=", p("workspaceId"))
    .where("id", "=", p("id")),
)

export const pendingDevices = defineQuery<{ workspaceId: WorkspaceId }>()((db, p) =>
  db
    .selectFrom("pending_devices")
    .select(columns)
    .where("workspace_id", "=", p("workspaceId"))
    .orderBy("filed_at")
    .orderBy("id"),
)

/** Those that wait now. */
export const countWaitingDevices = defineQuery<{ workspaceId: WorkspaceId; now: number }>()((db, p) =>
  db
    .selectFrom("pending_devices")
    .select((each) => each.fn.countAll<number>().as("count"))
    .where("workspace_id", "=", p("workspaceId"))
    .where("expires_at", ">", p("now"))
    .where("rejected_at", "is", null),
)

export const insertPendingDevice = defineQuery<Schema["pending_devices"]>()((db, p) =>
  db.insertInto("pending_devices").values({
    id: p("id"),
    workspace_id: p("workspace_id"),
    label: p("label"),
    sign_pk: p("sign_pk"),
    kem_pk: p("kem_pk"),
    nonce: p("nonce"),
    address: p("address"),
    filed_at: p("filed_at"),
    expires_at: p("expires_at"),
    rejected_at: p("rejected_at"),
  }),
)

export const rejectPendingDevice = defineQuery<Key & { rejectedAt: number }>()((db, p) =>
  db
    .updateTable("pending_devices")
    .set({ rejected_at: p("rejectedAt") })
    .where("workspace_id", "=", p("workspaceId"))
    .where("id", "=", p("id"))
    .where("rejected_at", "is", null),
)

export const deletePendingDevice = defineQuery<Key>()((db, p) =>
  db.deleteFrom("pending_devices").where("workspace_id", "=", p("workspaceId")).where("id", "=", p("id")),
)

export const deletePendingDevices = defineQuery<{ workspaceId: WorkspaceId; expiredBefore: number }>()((db, p) =>
  db
    .deleteFrom("pending_devices")
    .where("workspace_id", "=", p("workspaceId"))
    .where("expires_at", "<", p("expiredBefore")),
)
