/**
 * Group commit: many operations share one transaction and one fsync, and each stands or falls by itself.
 * Runs wherever the write connection lives: in the writer's thread, or directly in a test.
 */
import { HalfkeyError } from "@halfkey/core/formats/errors"
import Database from "better-sqlite3"
import { StaleStateError } from "../../domain/store.ts"
import { type OperationCall, runOperation } from "../operations/operations.ts"
import { SqliteConnection } from "./connection.ts"

/** How one operation ended; plain data that can be sent to another thread. */
export type Outcome = { readonly ok: true; readonly value: unknown } | { readonly ok: false; readonly failure: Failure }

export type Failure =
  | { readonly kind: "stale" }
  | {
      readonly kind: "problem"
      readonly code: HalfkeyError["code"]
      readonly message: string
      readonly hint: string | undefined
      readonly facts: HalfkeyError["facts"]
    }
  | { readonly kind: "full" }
  /** What is on disk is not known any more: the process must end, and starting again finds out. */
  | { readonly kind: "fatal"; readonly message: string }
  | { readonly kind: "unexpected"; readonly message: string }

export class GroupCommit {
  readonly #db: Database.Database
  readonly #connection: SqliteConnection
  readonly #begin: Database.Statement
  readonly #commit: Database.Statement
  readonly #rollback: Database.Statement
  readonly #savepoint: Database.Statement
  readonly #release: Database.Statement
  readonly #rollbackTo: Database.Statement

  constructor(db: Database.Database) {
    this.#db = db
    this.#connection = new SqliteConnection(db)
    this.#begin = db.prepare("begin immediate")
    this.#commit = db.prepare("commit")
    this.#rollback = db.prepare("rollback")
    this.#savepoint = db.prepare("savepoint operation")
    this.#release = db.prepare("release operation")
    this.#rollbackTo = db.prepare("rollback to operation")
  }

  /** Resolves when all that succeeded is on disk. One batch at a time. */
  async run(calls: readonly OperationCall[]): Promise<Outcome[]> {
    try {
      return await this.#together(calls)
    } catch (error) {
      // The transaction is gone, and nobody was answered.
      if (this.#db.inTransaction) this.#rollback.run()
      if (calls.length === 1 || failureOf(error).kind === "fatal") return calls.map(() => failed(error))
    }
    // One operation too large for the disk must not take its neighbours with it.
    const outcomes: Outcome[] = []
    for (const call of calls) outcomes.push(...(await this.run([call])))
    return outcomes
  }

  async #together(calls: readonly OperationCall[]): Promise<Outcome[]> {
    const outcomes: Outcome[] = []
    this.#begin.run()
    for (const call of calls) {
      this.#savepoint.run()
      try {
        const value = await runOperation(this.#connection, call)
        this.#release.run()
        outcomes.push({ ok: true, value })
      } catch (error) {
        // SQLite ends the whole transaction for some errors, such as a full disk.
        if (!this.#db.inTransaction || isOutOfSpace(error)) throw error
        this.#rollbackTo.run()
        this.#release.run()
        outcomes.push(failed(error))
      }
    }
    this.#commit.run()
    return outcomes
  }

  /** Moves the write-ahead log into the database file, then closes. */
  close(): void {
    this.#db.pragma("wal_checkpoint(TRUNCATE)")
    this.#db.close()
  }
}

function failed(error: unknown): Outcome {
  return { ok: false, failure: failureOf(error) }
}

function failureOf(error: unknown): Failure {
  if (error instanceof StaleStateError) return { kind: "stale" }
  if (error instanceof HalfkeyError) {
    const { code, message, hint, facts } = error
    return { kind: "problem", code, message, hint, facts }
  }
  if (isOutOfSpace(error)) return { kind: "full" }
  const message = error instanceof Error ? `${error.name}: ${error.message}` : "unknown"
  // After a failed fsync the system may have dropped what it could not write.
  const fatal = error instanceof Database.SqliteError && /^SQLITE_(IOERR|CORRUPT)/.test(error.code)
  return { kind: fatal ? "fatal" : "unexpected", message }
}

function isOutOfSpace(error: unknown): boolean {
  return (
    error instanceof Database.SqliteError &&
    ["SQLITE_FULL", "SQLITE_IOERR_WRITE", "SQLITE_IOERR_SHMSIZE"].includes(error.code)
  )
}
