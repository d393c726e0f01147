/** What is written about audit logs, beside their entries. */
import type { WorkspaceId } from "@halfkey/core/formats/ids"
import type { CheckpointRow } from "../../domain/audit/audit-store.ts"
import * as queries from "../audit-queries.ts"
import type { Transaction } from "../query.ts"

export async function saveCheckpoint(tx: Transaction, workspaceId: WorkspaceId, row: CheckpointRow): Promise<void> {
  const before = await tx.first(queries.checkpoint, { workspaceId })
  if (before !== undefined) {
    if (before.incarnation > row.incarnation) return
    if (before.incarnation === row.incarnation && before.size > row.size) return
  }
  await tx.run(queries.replaceCheckpoint, { workspace_id: workspaceId, ...row })
}

export async function saveStreamed(
  tx: Transaction,
  workspaceId: WorkspaceId,
  { stream, next }: { readonly stream: string; readonly next: number },
): Promise<void> {
  await tx.run(queries.replaceCursor, { workspace_id: workspaceId, stream, next })
}
