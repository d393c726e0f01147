/** Queries of the server's own keys, and of what its root key wraps (S11). */
import type { ServerRow } from "../domain/rows.ts"
import { defineQuery } from "./query.ts"

export const updateServer = defineQuery<Omit<ServerRow, "createdAt">>()((db, p) =>
  db
    .updateTable("server")
    .set({ root_key_id: p("rootKeyId"), root_key_derivation: p("rootKeyDerivation") })
    .where("id", "=", 1),
)

export const allAuthorityKeys = defineQuery()((db) =>
  db
    .selectFrom("authority_keys")
    .innerJoin("keysets", "keysets.id", "authority_keys.keyset_id")
    .select(["keysets.workspace_id as workspaceId", "keyset_id as keysetId", "authority_keys.epoch", "wrapped"])
    .orderBy("keyset_id")
    .orderBy("authority_keys.epoch"),
)

export const deleteAllAuthorityKeys = defineQuery()((db) => db.deleteFrom("authority_keys"))

export const deleteAllSigningKeys = defineQuery()((db) => db.deleteFrom("signing_keys"))

export const deleteSigningKey = defineQuery<{ kid: string }>()((db, p) =>
  db.deleteFrom("signing_keys").where("kid", "=", p("kid")),
)

export const signingKey = defineQuery<{ kid: string }>()((db, p) =>
  db.selectFrom("signing_keys").select("kind").where("kid", "=", p("kid")),
)

export const newestSigningKey = defineQuery<{ kind: "token-key" | "checkpoint-key" }>()((db, p) =>
  db
    .selectFrom("signing_keys")
    .select("created_at as createdAt")
    .where("kind", "=", p("kind"))
    .orderBy("created_at", "desc")
    .limit(1),
)

export const olderSigningKeys = defineQuery<{ kind: "token-key" | "checkpoint-key"; kid: string }>()((db, p) =>
  db.selectFrom("signing_keys").select("kid").where("kind", "=", p("kind")).where("kid", "!=", p("kid")),
)

/** The newest roster of every workspace. */
export const newestRosters = defineQuery()((db) =>
  db
    .selectFrom("rosters")
    .select("document as json")
    .where((each) =>
      each(
        "seq",
        "=",
        each
          .selectFrom("rosters as other")
          .select((inner) => inner.fn.max("other.seq").as("seq"))
          .whereRef("other.workspace_id", "=", "rosters.workspace_id"),
      ),
    ),
)
