/** What every write begins with: is the decision still good, and its audit entry. */
import type { WorkspaceId } from "@halfkey/core/formats/ids"
import { type AuditRecord, type Guard, StaleStateError } from "../../domain/store.ts"
import type { Transaction } from "../query.ts"
import * as queries from "../state-queries.ts"

/** Appends the guard's audit entry. Throws `StaleStateError` when the workspace has moved on. */
export async function appendGuarded(tx: Transaction, { generation, audit }: Guard): Promise<void> {
  const current = await tx.first(queries.generation, { id: audit.workspaceId })
  if (current?.generation !== generation) throw new StaleStateError()
  await appendEntry(tx, audit)
}

/** Entries of a workspace are numbered from 0 without gaps: a transaction that fails gives its number back. */
export async function appendEntry(tx: Transaction, audit: AuditRecord): Promise<void> {
  const { workspaceId, time, entry, leafHash } = audit
  const last = await tx.first(queries.lastAuditSeq, { workspaceId })
  await tx.run(queries.insertAuditEntry, { workspaceId, seq: (last?.seq ?? -1) + 1, time, entry, leafHash })
}

/** For administrative changes: whoever was authorized before them must be authorized again. */
export async function appendChange(tx: Transaction, guard: Guard): Promise<WorkspaceId> {
  await appendGuarded(tx, guard)
  const { workspaceId } = guard.audit
  await tx.run(queries.nextGeneration, { id: workspaceId })
  return workspaceId
}
