/** Queries of what authorization and administration read and write. */
import type { ApiKeyId, ClientId, WorkspaceId } from "@halfkey/core/formats/ids"
import type { ServerRow } from "../domain/rows.ts"
import { defineQuery } from "./query.ts"
import type { Schema } from "./schema.ts"

export const server = defineQuery()((db) =>
  db
    .selectFrom("server")
    .select(["root_key_id as rootKeyId", "root_key_derivation as rootKeyDerivation", "created_at as createdAt"])
    .where("id", "=", 1),
)

export const signingKeys = defineQuery()((db) =>
  db
    .selectFrom("signing_keys")
    .select(["kid", "kind", "wrapped", "created_at as createdAt"])
    .orderBy("created_at")
    .orderBy("kid"),
)

export const anyWorkspace = defineQuery()((db) => db.selectFrom("workspaces").select("id").limit(1))

export const workspace = defineQuery<{ id: WorkspaceId }>()((db, p) =>
  db
    .selectFrom("workspaces")
    .select([
      "id",
      "crn",
      "generation",
      "root_sign_pk as rootSignPk",
      "root_kem_pk as rootKemPk",
      "created_at as createdAt",
    ])
    .where("id", "=", p("id")),
)

export const rosters = defineQuery<{ workspaceId: WorkspaceId }>()((db, p) =>
  db
    .selectFrom("rosters")
    .select(["seq as number", "document as json", "hash"])
    .where("workspace_id", "=", p("workspaceId"))
    .orderBy("seq"),
)

const clientColumns = [
  "id",
  "workspace_id as workspaceId",
  "label",
  "sign_pk as signPk",
  "kem_pk as kemPk",
  "device_role as deviceRole",
  "created_at as createdAt",
  "revoked_at as revokedAt",
] as const

export const client = defineQuery<{ workspaceId: WorkspaceId; id: ClientId }>()((db, p) =>
  db.selectFrom("clients").select(clientColumns).where("workspace_id", "=", p("workspaceId")).where("id", "=", p("id")),
)

export const clients = defineQuery<{ workspaceId: WorkspaceId }>()((db, p) =>
  db
    .selectFrom("clients")
    .select(clientColumns)
    .where("workspace_id", "=", p("workspaceId"))
    .orderBy("created_at")
    .orderBy("id"),
)

const apiKeyColumns = [
  "id",
  "workspace_id as workspaceId",
  "label",
  "role",
  "client_id as clientId",
  "secret_hash as secretHash",
  "read_only as readOnly",
  "keyset_ids as keysetIds",
  "networks",
  "created_at as createdAt",
  "expires_at as expiresAt",
  "revoked_at as revokedAt",
  "rotated_to as rotatedTo",
  "retires_at as retiresAt",
] as const

export const apiKey = defineQuery<{ id: ApiKeyId }>()((db, p) =>
  db.selectFrom("api_keys").select(apiKeyColumns).where("id", "=", p("id")),
)

export const apiKeys = defineQuery<{ workspaceId: WorkspaceId }>()((db, p) =>
  db
    .selectFrom("api_keys")
    .select(apiKeyColumns)
    .where("workspace_id", "=", p("workspaceId"))
    .orderBy("created_at")
    .orderBy("id"),
)

export const nextGeneration = defineQuery<{ id: WorkspaceId }>()((db, p) =>
  db
    .updateTable("workspaces")
    .set((each) => ({ generation: each("generation", "+", 1) }))
    .where("id", "=", p("id")),
)

export const generation = defineQuery<{ id: WorkspaceId }>()((db, p) =>
  db.selectFrom("workspaces").select("generation").where("id", "=", p("id")),
)

/** Never back, and by each manifest of one restore only once. */
export const raiseAuditIncarnation = defineQuery<{ id: WorkspaceId; incarnation: number }>()((db, p) =>
  db
    .updateTable("workspaces")
    .set({ audit_incarnation: p("incarnation") })
    .where("id", "=", p("id"))
    .where("audit_incarnation", "<", p("incarnation")),
)

export const insertWorkspace = defineQuery<Omit<Schema["workspaces"], "audit_incarnation">>()((db, p) =>
  db.insertInto("workspaces").values({
    id: p("id"),
    crn: p("crn"),
    generation: p("generation"),
    root_sign_pk: p("root_sign_pk"),
    root_kem_pk: p("root_kem_pk"),
    created_at: p("created_at"),
  }),
)

export const insertRoster = defineQuery<Schema["rosters"]>()((db, p) =>
  db.insertInto("rosters").values({
    workspace_id: p("workspace_id"),
    seq: p("seq"),
    document: p("document"),
    hash: p("hash"),
  }),
)

export const insertClient = defineQuery<Schema["clients"]>()((db, p) =>
  db.insertInto("clients").values({
    id: p("id"),
    workspace_id: p("workspace_id"),
    label: p("label"),
    sign_pk: p("sign_pk"),
    kem_pk: p("kem_pk"),
    device_role: p("device_role"),
    created_at: p("created_at"),
    revoked_at: p("revoked_at"),
  }),
)

export const revokeClient = defineQuery<{ workspaceId: WorkspaceId; id: ClientId; revokedAt: number }>()((db, p) =>
  db
    .updateTable("clients")
    .set({ revoked_at: p("revokedAt") })
    .where("workspace_id", "=", p("workspaceId"))
    .where("id", "=", p("id"))
    .where("revoked_at", "is", null),
)

export const insertApiKey = defineQuery<Schema["api_keys"]>()((db, p) =>
  db.insertInto("api_keys").values({
    id: p("id"),
    workspace_id: p("workspace_id"),
    label: p("label"),
    role: p("role"),
    client_id: p("client_id"),
    secret_hash: p("secret_hash"),
    read_only: p("read_only"),
    keyset_ids: p("keyset_ids"),
    networks: p("networks"),
    created_at: p("created_at"),
    expires_at: p("expires_at"),
    revoked_at: p("revoked_at"),
    rotated_to: p("rotated_to"),
    retires_at: p("retires_at"),
  }),
)

export const revokeApiKey = defineQuery<{ workspaceId: WorkspaceId; id: ApiKeyId; revokedAt: number }>()((db, p) =>
  db
    .updateTable("api_keys")
    .set({ revoked_at: p("revokedAt") })
    .where("workspace_id", "=", p("workspaceId"))
    .where("id", "=", p("id"))
    .where("revoked_at", "is", null),
)

export const unusedSetupToken = defineQuery<{ hash: Uint8Array }>()((db, p) =>
  db.selectFrom("setup_tokens").select("created_at").where("hash", "=", p("hash")).where("used_at", "is", null),
)

export const anySetupToken = defineQuery()((db) =>
  db.selectFrom("setup_tokens").select("created_at").where("used_at", "is", null).limit(1),
)

export const useSetupToken = defineQuery<{ hash: Uint8Array; usedAt: number }>()((db, p) =>
  db
    .updateTable("setup_tokens")
    .set({ used_at: p("usedAt") })
    .where("hash", "=", p("hash"))
    .where("used_at", "is", null),
)

export const deleteUnusedSetupTokens = defineQuery()((db) => db.deleteFrom("setup_tokens").where("used_at", "is", null))

export const insertSetupToken = defineQuery<{ hash: Uint8Array; createdAt: number }>()((db, p) =>
  db.insertInto("setup_tokens").values({ hash: p("hash"), created_at: p("createdAt"), used_at: null }),
)

export const insertServer = defineQuery<ServerRow>()((db, p) =>
  db.insertInto("server").values({
    id: 1,
    root_key_id: p("rootKeyId"),
    root_key_derivation: p("rootKeyDerivation"),
    created_at: p("createdAt"),
  }),
)

export const insertSigningKey = defineQuery<Schema["signing_keys"]>()((db, p) =>
  db.insertInto("signing_keys").values({
    kid: p("kid"),
    kind: p("kind"),
    wrapped: p("wrapped"),
    created_at: p("created_at"),
  }),
)

/** Changes no row when this `jti` of this client was seen before. */
export const insertAssertion = defineQuery<{ clientId: ClientId; jti: string; expiresAt: number }>()((db, p) =>
  db
    .insertInto("used_assertions")
    .values({ client_id: p("clientId"), jti: p("jti"), expires_at: p("expiresAt") })
    .onConflict((each) => each.columns(["client_id", "jti"]).doNothing()),
)

export const deleteExpiredAssertions = defineQuery<{ now: number }>()((db, p) =>
  db.deleteFrom("used_assertions").where("expires_at", "<", p("now")),
)

export const lastAuditSeq = defineQuery<{ workspaceId: WorkspaceId }>()((db, p) =>
  db
    .selectFrom("audit_entries")
    .select("seq")
    .where("workspace_id", "=", p("workspaceId"))
    .orderBy("seq", "desc")
    .limit(1),
)

export const insertAuditEntry = defineQuery<{
  workspaceId: WorkspaceId
  seq: number
  time: number
  entry: Uint8Array
  leafHash: Uint8Array
}>()((db, p) =>
  db.insertInto("audit_entries").values({
    workspace_id: p("workspaceId"),
    seq: p("seq"),
    time: p("time"),
    entry: p("entry"),
    leaf_hash: p("leafHash"),
  }),
)
