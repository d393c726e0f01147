/**
 * Group commit: many operations share one transaction and one fsync, and each stands or falls by itself.
 * Runs wherever the write connection lives: in the writer's thread, or directly in a test.
 */
import { HalfkeyError } from "@halfkey/core/formats/errors"
import type { WorkspaceId } from "@halfkey/core/formats/ids"
import Database from "better-sqlite3"
import { type Guard, StaleStateError } from "../../domain/store.ts"
import type { EntryRow } from "../block-builder.ts"
import { type OperationCall, runOperation } from "../operations/operations.ts"
import type { Query } from "../query.ts"
import * as queries from "../state-queries.ts"
import { SqliteConnection } from "./connection.ts"
import { isOutOfSpace } from "./out-of-space.ts"

/** What is written together. */
export interface Batch {
  /** Entries that describe no change: reads and refusals. */
  readonly audits: readonly Guard[]
  readonly calls: readonly OperationCall[]
}

/** What a query takes. */
type Of<Asked> = Asked extends Query<unknown, infer Params> ? Params : never

/** The log of a workspace in a batch. */
interface Log {
  readonly generation: number | undefined
  readonly first: number
  readonly rows: EntryRow[]
}

/** How a batch ended; plain data that can be sent to another thread. */
export interface BatchOutcome {
  /** All entries are on disk, but those with these indexes, whose workspace had moved on; or why none is. */
  readonly audits: { readonly stale: readonly number[] } | { readonly failure: Failure }
  readonly calls: readonly Outcome[]
}

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

/** Operations that may delete keys. */
const destroyers: ReadonlySet<string> = new Set<OperationCall["name"]>([
  "updateKeyset",
  "createClient",
  "replaceRoster",
  "recoverWorkspace",
  "purgeKeyset",
  "addSigningKey",
  "deleteSigningKeys",
  "replaceRootKey",
])

export class GroupCommit {
  readonly #db: Database.Database
  readonly #connection: SqliteConnection
  readonly #insertEntry: (row: Of<typeof queries.insertAuditEntry>) => void
  #appended: (readonly [WorkspaceId, readonly EntryRow[]])[] = []
  readonly #begin: Database.Statement
  readonly #commit: Database.Statement
  readonly #rollback: Database.Statement
  readonly #savepoint: Database.Statement
  readonly #release: Database.Statement
  readonly #rollbackTo: Database.Statement

  constructor(db: Database.Database) {
    this.#db = db
    this.#connection = new SqliteConnection(db)
    this.#insertEntry = this.#connection.runner(queries.insertAuditEntry)
    this.#begin = db.prepare("begin immediate")
    this.#commit = db.prepare("commit")
    this.#rollback = db.prepare("rollback")
    this.#savepoint = db.prepare("savepoint operation")
    this.#release = db.prepare("release operation")
    this.#rollbackTo = db.prepare("rollback to operation")
    // What a crash kept from being emptied.
    this.#emptyLog()
  }

  /** Resolves when all that succeeded is on disk. One batch at a time. */
  async run(batch: Batch): Promise<BatchOutcome> {
    try {
      return await this.#together(batch)
    } catch (error) {
      // The transaction is gone, and nobody was answered.
      if (this.#db.inTransaction) this.#rollback.run()
      const failure = failureOf(error)
      if (failure.kind === "fatal" || parts(batch) === 1) return allFailed(batch, failure)
    }
    // One operation that does not fit on the disk must not take its neighbours with it.
    const { audits } = await this.run({ audits: batch.audits, calls: [] })
    const calls: Outcome[] = []
    for (const call of batch.calls) calls.push(...(await this.run({ audits: [], calls: [call] })).calls)
    return { audits, calls }
  }

  async #together({ audits, calls }: Batch): Promise<BatchOutcome> {
    this.#begin.run()
    // First the entries: the changes below would make their generations old.
    const { stale, logs } = await this.#append(audits)
    const outcomes: Outcome[] = []
    for (const call of calls) outcomes.push(await this.#alone(call))
    this.#commit.run()
    for (const [workspaceId, { rows }] of logs) if (rows.length > 0) this.#appended.push([workspaceId, rows])
    if (calls.some(({ name }) => destroyers.has(name))) this.#emptyLog()
    return { audits: { stale }, calls: outcomes }
  }

  /** Entries that are on disk since this was asked last, by log and ascending; those of operations are not among them. */
  takeAppended(): readonly (readonly [WorkspaceId, readonly EntryRow[]])[] {
    const appended = this.#appended
    this.#appended = []
    return appended
  }

  /** Generation and number are asked for once for each workspace. `stale`: the indexes of entries that came too late. */
  async #append(audits: readonly Guard[]): Promise<{ readonly stale: number[]; readonly logs: Map<WorkspaceId, Log> }> {
    const logs = new Map<WorkspaceId, Log>()
    const stale: number[] = []
    for (const [index, { generation, audit }] of audits.entries()) {
      const { workspaceId, time, entry, leafHash } = audit
      let log = logs.get(workspaceId)
      if (log === undefined) {
        const workspace = await this.#connection.first(queries.generation, { id: workspaceId })
        const last = await this.#connection.first(queries.lastAuditSeq, { workspaceId })
        log = { generation: workspace?.generation, first: (last?.seq ?? -1) + 1, rows: [] }
        logs.set(workspaceId, log)
      }
      if (log.generation !== generation) {
        stale.push(index)
        continue
      }
      const row = { seq: log.first + log.rows.length, time, entry, leafHash }
      this.#insertEntry({ workspaceId, ...row })
      log.rows.push(row)
    }
    return { stale, logs }
  }

  async #alone(call: OperationCall): Promise<Outcome> {
    this.#savepoint.run()
    try {
      const value = await runOperation(this.#connection, call)
      this.#release.run()
      return { ok: true, value }
    } catch (error) {
      // SQLite ends the whole transaction for some errors, such as a full disk.
      if (!this.#db.inTransaction || isOutOfSpace(error)) throw error
      this.#rollbackTo.run()
      this.#release.run()
      return { ok: false, failure: failureOf(error) }
    }
  }

  /** Moves the write-ahead log into the database file, then closes. */
  close(): void {
    this.#db.pragma("wal_checkpoint(TRUNCATE)")
    this.#db.close()
  }

  /**
   * The log still holds what was deleted, until it is emptied. What was committed is durable already, so a full disk or a
   * reader in the way only puts it off, to the next change or the next start.
   */
  #emptyLog(): void {
    try {
      this.#db.pragma("wal_checkpoint(TRUNCATE)")
    } catch (error) {
      if (!(error instanceof Database.SqliteError)) throw error
    }
  }
}

/** In how many parts a batch can be tried again. */
function parts({ audits, calls }: Batch): number {
  return calls.length + (audits.length > 0 ? 1 : 0)
}

function allFailed({ calls }: Batch, failure: Failure): BatchOutcome {
  return { audits: { failure }, calls: calls.map(() => ({ ok: false, failure })) }
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
