/** The first schema. Never changed once released: the next change is a file of its own. */
import { type Compilable, type CreateTableBuilder, type Kysely, sql } from "kysely"
import type { ColumnTypes } from "./migration.ts"

/** Statements in order. Every constraint is here, so that no bug in a service can write a version twice. */
export function first(db: Kysely<unknown>, types: ColumnTypes): Compilable[] {
  const { text, integer, bytes } = types
  const table = (
    name: string,
    define: (table: CreateTableBuilder<string, never>) => CreateTableBuilder<string, never>,
  ) => define(db.schema.createTable(name) as CreateTableBuilder<string, never>).modifyEnd(types.tableEnd)
  // A reference is checked when the transaction ends, so that rows may be written in any order.
  const references = (target: string) => sql`references ${sql.raw(target)} deferrable initially deferred`
  const ofSecret = types.refersForward ? references("secrets(id)") : sql``
  const later = db.schema
    .alterTable("secret_versions")
    .addForeignKeyConstraint("secret_versions_of_secret", ["secret_id"], "secrets", ["id"], (constraint) =>
      constraint.deferrable().initiallyDeferred(),
    )
  return [
    table("server", (t) =>
      t
        .addColumn("id", integer, (c) => c.primaryKey().check(sql`id = 1`))
        .addColumn("root_key_id", bytes, (c) => c.notNull())
        .addColumn("created_at", integer, (c) => c.notNull()),
    ),
    table("signing_keys", (t) =>
      t
        .addColumn("kid", text, (c) => c.primaryKey().notNull())
        .addColumn("kind", text, (c) => c.notNull().check(sql`kind in ('token-key', 'checkpoint-key')`))
        .addColumn("wrapped", bytes, (c) => c.notNull())
        .addColumn("created_at", integer, (c) => c.notNull()),
    ),
    table("setup_tokens", (t) =>
      t
        .addColumn("hash", bytes, (c) => c.primaryKey().notNull())
        .addColumn("created_at", integer, (c) => c.notNull())
        .addColumn("used_at", integer),
    ),
    table("workspaces", (t) =>
      t
        .addColumn("id", text, (c) => c.primaryKey().notNull())
        .addColumn("crn", text, (c) => c.notNull().unique())
        .addColumn("generation", integer, (c) => c.notNull())
        .addColumn("root_sign_pk", bytes, (c) => c.notNull())
        .addColumn("root_kem_pk", bytes, (c) => c.notNull())
        .addColumn("created_at", integer, (c) => c.notNull()),
    ),
    table("rosters", (t) =>
      t
        .addColumn("workspace_id", text, (c) => c.notNull().modifyEnd(references("workspaces(id)")))
        .addColumn("seq", integer, (c) => c.notNull())
        .addColumn("document", text, (c) => c.notNull())
        .addColumn("hash", bytes, (c) => c.notNull())
        .addPrimaryKeyConstraint("rosters_pk", ["workspace_id", "seq"] as never),
    ),
    table("clients", (t) =>
      t
        .addColumn("id", text, (c) => c.primaryKey().notNull())
        .addColumn("workspace_id", text, (c) => c.notNull().modifyEnd(references("workspaces(id)")))
        .addColumn("label", text, (c) => c.notNull())
        .addColumn("sign_pk", bytes, (c) => c.notNull())
        .addColumn("kem_pk", bytes, (c) => c.notNull())
        .addColumn("created_at", integer, (c) => c.notNull())
        .addColumn("revoked_at", integer),
    ),
    index("clients_by_workspace", "clients", ["workspace_id", "created_at"]),
    table("api_keys", (t) =>
      t
        .addColumn("id", text, (c) => c.primaryKey().notNull())
        .addColumn("workspace_id", text, (c) => c.notNull().modifyEnd(references("workspaces(id)")))
        .addColumn("label", text, (c) => c.notNull())
        .addColumn("role", text, (c) => c.notNull().check(sql`role in ('admin', 'member', 'control')`))
        .addColumn("client_id", text, (c) => c.modifyEnd(references("clients(id)")))
        .addColumn("secret_hash", bytes, (c) => c.notNull())
        .addColumn("read_only", integer, (c) => c.notNull())
        .addColumn("keyset_ids", text)
        .addColumn("networks", text)
        .addColumn("created_at", integer, (c) => c.notNull())
        .addColumn("expires_at", integer)
        .addColumn("revoked_at", integer)
        .addCheckConstraint("bound", sql`client_id is not null or role = 'control'`),
    ),
    index("api_keys_by_workspace", "api_keys", ["workspace_id", "created_at"]),
    table("used_assertions", (t) =>
      t
        .addColumn("client_id", text, (c) => c.notNull().modifyEnd(references("clients(id)")))
        .addColumn("jti", text, (c) => c.notNull())
        .addColumn("expires_at", integer, (c) => c.notNull())
        .addPrimaryKeyConstraint("used_assertions_pk", ["client_id", "jti"] as never),
    ),
    index("used_assertions_by_expiry", "used_assertions", ["expires_at"]),
    table("keysets", (t) =>
      t
        .addColumn("id", text, (c) => c.primaryKey().notNull())
        .addColumn("workspace_id", text, (c) => c.notNull().modifyEnd(references("workspaces(id)")))
        .addColumn("name", text, (c) => c.notNull())
        .addColumn("kind", text, (c) => c.notNull())
        .addColumn("state", text, (c) => c.notNull())
        .addColumn("revision", integer, (c) => c.notNull())
        .addColumn("epoch", integer, (c) => c.notNull())
        .addColumn("version_floor", integer, (c) => c.notNull())
        .addColumn("created_at", integer, (c) => c.notNull())
        .addColumn("updated_at", integer, (c) => c.notNull())
        .addUniqueConstraint("keysets_name", ["workspace_id", "name"] as never),
    ),
    table("manifests", (t) =>
      t
        .addColumn("keyset_id", text, (c) => c.notNull().modifyEnd(references("keysets(id)")))
        .addColumn("revision", integer, (c) => c.notNull())
        .addColumn("document", text, (c) => c.notNull())
        .addColumn("hash", bytes, (c) => c.notNull())
        .addPrimaryKeyConstraint("manifests_pk", ["keyset_id", "revision"] as never),
    ),
    table("keyset_members", (t) =>
      t
        .addColumn("keyset_id", text, (c) => c.notNull().modifyEnd(references("keysets(id)")))
        .addColumn("client_id", text, (c) => c.notNull().modifyEnd(references("clients(id)")))
        .addColumn("mode", text, (c) => c.notNull())
        .addPrimaryKeyConstraint("keyset_members_pk", ["keyset_id", "client_id"] as never),
    ),
    index("keyset_members_by_client", "keyset_members", ["client_id"]),
    table("grants", (t) =>
      t
        .addColumn("keyset_id", text, (c) => c.notNull().modifyEnd(references("keysets(id)")))
        .addColumn("client_id", text, (c) => c.notNull().modifyEnd(references("clients(id)")))
        .addColumn("epoch", integer, (c) => c.notNull())
        .addColumn("enc", bytes, (c) => c.notNull())
        .addColumn("sealed_half", bytes, (c) => c.notNull())
        .addColumn("self_wrap", bytes)
        .addPrimaryKeyConstraint("grants_pk", ["keyset_id", "client_id", "epoch"] as never),
    ),
    table("recovery_grants", (t) =>
      t
        .addColumn("keyset_id", text, (c) => c.notNull().modifyEnd(references("keysets(id)")))
        .addColumn("epoch", integer, (c) => c.notNull())
        .addColumn("enc", bytes, (c) => c.notNull())
        .addColumn("sealed_half", bytes, (c) => c.notNull())
        .addPrimaryKeyConstraint("recovery_grants_pk", ["keyset_id", "epoch"] as never),
    ),
    table("authority_keys", (t) =>
      t
        .addColumn("keyset_id", text, (c) => c.notNull().modifyEnd(references("keysets(id)")))
        .addColumn("epoch", integer, (c) => c.notNull())
        .addColumn("wrapped", bytes, (c) => c.notNull())
        .addPrimaryKeyConstraint("authority_keys_pk", ["keyset_id", "epoch"] as never),
    ),
    table("secret_versions", (t) =>
      t
        .addColumn("record_number", types.serial.type, types.serial.define)
        .addColumn("secret_id", text, (c) => c.notNull().modifyEnd(ofSecret))
        .addColumn("version", integer, (c) => c.notNull())
        .addColumn("deleted", integer, (c) => c.notNull())
        .addColumn("record", bytes, (c) => c.notNull())
        .addColumn("hash", bytes, (c) => c.notNull())
        .addColumn("keyset_id", text, (c) => c.notNull().modifyEnd(references("keysets(id)")))
        .addColumn("epoch", integer, (c) => c.notNull())
        .addColumn("key_id", bytes, (c) => c.notNull())
        .addColumn("client_id", text, (c) => c.notNull().modifyEnd(references("clients(id)")))
        .addColumn("created_at", integer, (c) => c.notNull())
        .addUniqueConstraint("secret_versions_once", ["secret_id", "version"] as never),
    ),
    index("secret_versions_by_epoch", "secret_versions", ["keyset_id", "epoch"]),
    table("secrets", (t) =>
      t
        .addColumn("id", text, (c) => c.primaryKey().notNull())
        .addColumn("keyset_id", text, (c) => c.notNull().modifyEnd(references("keysets(id)")))
        .addColumn("name", text, (c) => c.notNull().modifyEnd(types.byteOrder))
        .addColumn("version", integer, (c) => c.notNull())
        .addColumn("deleted", integer, (c) => c.notNull())
        .addColumn("created_at", integer, (c) => c.notNull())
        .addColumn("updated_at", integer, (c) => c.notNull())
        .addColumn("record_number", integer, (c) => c.notNull().modifyEnd(references("secret_versions(record_number)")))
        .addUniqueConstraint("secrets_name", ["keyset_id", "name"] as never),
    ),
    table("audit_entries", (t) =>
      t
        .addColumn("workspace_id", text, (c) => c.notNull().modifyEnd(references("workspaces(id)")))
        .addColumn("seq", integer, (c) => c.notNull())
        .addColumn("time", integer, (c) => c.notNull())
        .addColumn("entry", bytes, (c) => c.notNull())
        .addColumn("leaf_hash", bytes, (c) => c.notNull())
        .addPrimaryKeyConstraint("audit_entries_pk", ["workspace_id", "seq"] as never),
    ),
    ...(types.refersForward ? [] : [later]),
  ]

  function index(name: string, on: string, columns: string[]): Compilable {
    return db.schema.createIndex(name).on(on).columns(columns)
  }
}
