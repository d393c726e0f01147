/** What the sequencer works on: the one connection of the writer's thread, between batches. */
import Database from "better-sqlite3"
import type { SequencerDatabase } from "../sequencer.ts"
import { SqliteConnection } from "./connection.ts"
import { isOutOfSpace } from "./out-of-space.ts"

export function sequencerDatabase(db: Database.Database): SequencerDatabase {
  return {
    connection: new SqliteConnection(db),
    together: async (body) => {
      db.exec("begin immediate")
      try {
        await body()
        db.exec("commit")
      } catch (error) {
        if (db.inTransaction) db.exec("rollback")
        throw error
      }
    },
    isFailure: (error) => error instanceof Database.SqliteError,
    isOutOfSpace,
    rowsPerQuery: 16,
  }
}
