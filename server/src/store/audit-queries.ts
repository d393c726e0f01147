/** Queries of the audit log: its entries, and what is kept beside them (S12). */
import type { WorkspaceId } from "@halfkey/core/formats/ids"
import type { OrderByDirection } from "kysely"
import { defineQuery } from "./query.ts"
import type { Schema } from "./schema.ts"

type Of<Params> = Params & { workspaceId: WorkspaceId }

export const lastSeq = defineQuery<Of<unknown>>()((db, p) =>
  db
    .selectFrom("audit_entries")
    .select("seq")
    .where("workspace_id", "=", p("workspaceId"))
    .orderBy("seq", "desc")
    .limit(1),
)

const entriesIn = (order: OrderByDirection) =>
  defineQuery<Of<{ from: number; to: number; limit: number }>>()((db, p) =>
    db
      .selectFrom("audit_entries")
      .select(["seq", "time", "entry", "leaf_hash as leafHash"])
      .where("workspace_id", "=", p("workspaceId"))
      .where("seq", ">=", p("from"))
      .where("seq", "<", p("to"))
      .orderBy("seq", order)
      .limit(p("limit")),
  )

/** Of the entries from `from` to before `to`, in their order. */
export const firstEntries = entriesIn("asc")
export const lastEntries = entriesIn("desc")

export const leafHashes = defineQuery<Of<{ from: number; to: number }>>()((db, p) =>
  db
    .selectFrom("audit_entries")
    .select("leaf_hash as leafHash")
    .where("workspace_id", "=", p("workspaceId"))
    .where("seq", ">=", p("from"))
    .where("seq", "<", p("to"))
    .orderBy("seq"),
)

export const tile = defineQuery<Of<{ level: number; number: number }>>()((db, p) =>
  db
    .selectFrom("audit_tiles")
    .select("hashes")
    .where("workspace_id", "=", p("workspaceId"))
    .where("level", "=", p("level"))
    .where("number", "=", p("number")),
)

/** A tile grows until it is full. */
export const saveTile = defineQuery<Schema["audit_tiles"]>()((db, p) =>
  db
    .insertInto("audit_tiles")
    .values({ workspace_id: p("workspace_id"), level: p("level"), number: p("number"), hashes: p("hashes") })
    .onConflict((each) => each.columns(["workspace_id", "level", "number"]).doUpdateSet({ hashes: p("hashes") })),
)

export const lastBlock = defineQuery<Of<unknown>>()((db, p) =>
  db
    .selectFrom("audit_blocks")
    .select("number")
    .where("workspace_id", "=", p("workspaceId"))
    .orderBy("number", "desc")
    .limit(1),
)

const blocksIn = (order: OrderByDirection) =>
  defineQuery<Of<{ from: number; to: number; since: number; until: number; limit: number }>>()((db, p) =>
    db
      .selectFrom("audit_blocks")
      .select("number")
      .where("workspace_id", "=", p("workspaceId"))
      .where("number", ">=", p("from"))
      .where("number", "<", p("to"))
      .where("last_time", ">=", p("since"))
      .where("first_time", "<", p("until"))
      .orderBy("number", order)
      .limit(p("limit")),
  )

/** Of the blocks from `from` to before `to`, those that may hold an entry from `since` to before `until`. */
export const firstBlocks = blocksIn("asc")
export const lastBlocks = blocksIn("desc")

export const insertBlock = defineQuery<Schema["audit_blocks"]>()((db, p) =>
  db.insertInto("audit_blocks").values({
    workspace_id: p("workspace_id"),
    number: p("number"),
    first_time: p("first_time"),
    last_time: p("last_time"),
  }),
)

export const places = defineQuery<Of<{ term: string; from: number; to: number }>>()((db, p) =>
  db
    .selectFrom("audit_terms")
    .select(["block", "places"])
    .where("workspace_id", "=", p("workspaceId"))
    .where("term", "=", p("term"))
    .where("block", ">=", p("from"))
    .where("block", "<", p("to")),
)

/** The same again after a crash: a block counts only when its own row is there. */
export const savePlaces = defineQuery<Schema["audit_terms"]>()((db, p) =>
  db
    .insertInto("audit_terms")
    .values({ workspace_id: p("workspace_id"), term: p("term"), block: p("block"), places: p("places") })
    .onConflict((each) => each.columns(["workspace_id", "term", "block"]).doUpdateSet({ places: p("places") })),
)

export const saveLeaves = defineQuery<Schema["audit_leaves"]>()((db, p) =>
  db
    .insertInto("audit_leaves")
    .values({ workspace_id: p("workspace_id"), run: p("run"), bucket: p("bucket"), leaves: p("leaves") })
    .onConflict((each) => each.columns(["workspace_id", "run", "bucket"]).doUpdateSet({ leaves: p("leaves") })),
)

export const lastRun = defineQuery<Of<unknown>>()((db, p) =>
  db
    .selectFrom("audit_leaves")
    .select("run")
    .where("workspace_id", "=", p("workspaceId"))
    .orderBy("run", "desc")
    .limit(1),
)

export const leaves = defineQuery<Of<{ run: number; bucket: number }>>()((db, p) =>
  db
    .selectFrom("audit_leaves")
    .select("leaves")
    .where("workspace_id", "=", p("workspaceId"))
    .where("run", "=", p("run"))
    .where("bucket", "=", p("bucket")),
)

export const checkpoint = defineQuery<Of<unknown>>()((db, p) =>
  db
    .selectFrom("audit_checkpoints")
    .select(["incarnation", "size", "time", "note"])
    .where("workspace_id", "=", p("workspaceId")),
)

export const replaceCheckpoint = defineQuery<Schema["audit_checkpoints"]>()((db, p) =>
  db
    .insertInto("audit_checkpoints")
    .values({
      workspace_id: p("workspace_id"),
      incarnation: p("incarnation"),
      size: p("size"),
      time: p("time"),
      note: p("note"),
    })
    .onConflict((each) =>
      each
        .column("workspace_id")
        .doUpdateSet({ incarnation: p("incarnation"), size: p("size"), time: p("time"), note: p("note") }),
    ),
)

export const archives = defineQuery<Of<unknown>>()((db, p) =>
  db
    .selectFrom("audit_archives")
    .select(["first", "last", "file", "hash", "time"])
    .where("workspace_id", "=", p("workspaceId"))
    .orderBy("first"),
)

export const firstLaterBlock = defineQuery<Of<{ from: number; to: number; time: number }>>()((db, p) =>
  db
    .selectFrom("audit_blocks")
    .select("number")
    .where("workspace_id", "=", p("workspaceId"))
    .where("number", ">=", p("from"))
    .where("number", "<", p("to"))
    .where("last_time", ">=", p("time"))
    .orderBy("number")
    .limit(1),
)

export const insertArchive = defineQuery<Schema["audit_archives"]>()((db, p) =>
  db.insertInto("audit_archives").values({
    workspace_id: p("workspace_id"),
    first: p("first"),
    last: p("last"),
    file: p("file"),
    hash: p("hash"),
    time: p("time"),
  }),
)

export const deleteEntries = defineQuery<Of<{ from: number; to: number }>>()((db, p) =>
  db
    .deleteFrom("audit_entries")
    .where("workspace_id", "=", p("workspaceId"))
    .where("seq", ">=", p("from"))
    .where("seq", "<", p("to")),
)

export const deletePlaces = defineQuery<Of<{ term: string; block: number }>>()((db, p) =>
  db
    .deleteFrom("audit_terms")
    .where("workspace_id", "=", p("workspaceId"))
    .where("term", "=", p("term"))
    .where("block", "=", p("block")),
)

export const cursor = defineQuery<Of<{ stream: string }>>()((db, p) =>
  db
    .selectFrom("audit_cursors")
    .select("next")
    .where("workspace_id", "=", p("workspaceId"))
    .where("stream", "=", p("stream")),
)

export const replaceCursor = defineQuery<Schema["audit_cursors"]>()((db, p) =>
  db
    .insertInto("audit_cursors")
    .values({ workspace_id: p("workspace_id"), stream: p("stream"), next: p("next") })
    .onConflict((each) => each.columns(["workspace_id", "stream"]).doUpdateSet({ next: p("next") })),
)

export const incarnation = defineQuery<Of<unknown>>()((db, p) =>
  db.selectFrom("workspaces").select("audit_incarnation as incarnation").where("id", "=", p("workspaceId")),
)

export const newestRoster = defineQuery<Of<unknown>>()((db, p) =>
  db
    .selectFrom("rosters")
    .select("document as json")
    .where("workspace_id", "=", p("workspaceId"))
    .orderBy("seq", "desc")
    .limit(1),
)

export const workspaceIds = defineQuery()((db) => db.selectFrom("workspaces").select("id"))
