/**
 * What waits in one lane, in one transaction. All writes of a workspace are behind the lock of its row, however many replicas
 * there are: so its entries are numbered without gaps, and what a guard compares cannot change before the commit.
 */
import type { WorkspaceId } from "@halfkey/core/formats/ids"
import type { ClientBase, QueryResult } from "pg"
import { type Guard, StaleStateError } from "../../domain/store.ts"
import { type OperationCall, runOperation } from "../operations/operations.ts"
import { PostgresTransaction } from "./connection.ts"
import { failureOf, isAway, TryAgainError, unknownOutcome } from "./failures.ts"
import { lockInTransaction, locks } from "./locks.ts"

/** What is written together: of one workspace, or, `undefined`, about the server. */
export interface Batch {
  readonly workspaceId: WorkspaceId | undefined
  readonly audits: readonly Guard[]
  readonly calls: readonly OperationCall[]
}

export interface BatchOutcome {
  /** Why an entry is not there; `undefined`: it is durable. */
  readonly audits: readonly (Error | undefined)[]
  readonly calls: readonly Outcome[]
}

export type Outcome = { readonly value: unknown } | { readonly failure: Error }

/** Where each workspace's row says so. */
interface Log {
  readonly generation: number | undefined
  readonly next: number
}

/** Resolves when all that succeeded is durable. Throws one of our failures when nothing was changed, or nobody knows. */
export async function runBatch(client: ClientBase, batch: Batch): Promise<BatchOutcome> {
  const { audits, calls, workspaceId } = batch
  let outcomes: Outcome[]
  let stale: readonly (Error | undefined)[]
  try {
    const log = await begin(client, workspaceId)
    // First the entries: the changes below would make their generations old.
    stale = await append(client, audits, log)
    outcomes = []
    for (const call of calls) outcomes.push(await alone(client, call))
  } catch (error) {
    if (!isAway(error)) await client.query("rollback")
    throw error
  }
  await commit(client)
  return { audits: stale, calls: outcomes }
}

/** Each statement sees what was committed before it: the second one all that the lock waited for. */
async function begin(client: ClientBase, workspaceId: WorkspaceId | undefined): Promise<Log> {
  const start = "begin isolation level read committed"
  if (workspaceId === undefined) {
    await client.query(`${start}; ${lockInTransaction(locks.server)}`)
    return { generation: undefined, next: 0 }
  }
  const id = client.escapeLiteral(workspaceId)
  const answers = (await client.query(
    `${start}; select generation from workspaces where id = ${id} for no key update; ${lastSeq(id)}`,
  )) as unknown as QueryResult[]
  return { generation: answers[1]?.rows[0]?.generation, next: (answers[2]?.rows[0]?.seq ?? -1) + 1 }
}

const lastSeq = (id: string) => `select seq from audit_entries where workspace_id = ${id} order by seq desc limit 1`

/** One statement for all entries: their bytes are joined, since each value costs more than what it holds. */
const insertEntries = {
  name: "halfkey_entries",
  text: `insert into audit_entries (workspace_id, seq, time, entry, leaf_hash)
    select $1, $2::bigint + place - 1, time, substring($5::bytea from start for length),
      substring($6::bytea from (32 * (place - 1) + 1)::int for 32)
    from unnest($3::bigint[], $4::int[], $7::int[]) with ordinality as each (time, start, length, place)`,
}

async function append(client: ClientBase, audits: readonly Guard[], log: Log) {
  const [times, starts, lengths]: [number[], number[], number[]] = [[], [], []]
  const [entries, hashes]: [Uint8Array[], Uint8Array[]] = [[], []]
  let length = 0
  const outcome = audits.map(({ audit, generation }) => {
    if (generation !== log.generation) return new StaleStateError()
    times.push(audit.time)
    starts.push(length + 1)
    lengths.push(audit.entry.length)
    entries.push(audit.entry)
    hashes.push(audit.leafHash)
    length += audit.entry.length
    return undefined
  })
  const [first] = audits
  if (first !== undefined && times.length > 0) {
    const { workspaceId } = first.audit
    const bytes = [Buffer.concat(entries), Buffer.concat(hashes)]
    await client.query({ ...insertEntries, values: [workspaceId, log.next, times, starts, ...bytes, lengths] })
  }
  return outcome
}

/** A failure of one is not one of the others. Throws what the whole transaction failed by. */
async function alone(client: ClientBase, call: OperationCall): Promise<Outcome> {
  await client.query("savepoint operation")
  try {
    const value = await runOperation(new PostgresTransaction(client), call)
    await client.query("release operation")
    return { value }
  } catch (error) {
    const failure = failureOf(error)
    if (isAway(error) || failure instanceof TryAgainError) throw error
    await client.query("rollback to operation; release operation")
    return { failure }
  }
}

async function commit(client: ClientBase): Promise<void> {
  let command: string
  try {
    command = (await client.query("commit")).command
  } catch (error) {
    // From here on it may be durable, and it may not.
    throw isAway(error) ? unknownOutcome() : error
  }
  // A transaction that failed is rolled back by a commit, which says so only here.
  if (command !== "COMMIT") throw new TryAgainError("the transaction was rolled back")
}
