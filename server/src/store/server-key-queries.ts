/** Queries of the server's own keys, and of what its root key wraps (S11). */
import { defineQuery } from "./query.ts"

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
