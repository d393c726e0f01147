/**
 * Signing the heads of audit logs (S12). The writer's thread tells how far each log has grown; what is signed here is on
 * disk already, and is served only when the checkpoint is on disk as well. The key stays in this thread.
 */
import { auditOrigin, isCheckpointSignedBy, parseCheckpoint, signCheckpoint } from "@halfkey/core/formats/checkpoint"
import type { WorkspaceId } from "@halfkey/core/formats/ids"
import { rosterFormat } from "@halfkey/core/formats/roster"
import type { SigningKey } from "@halfkey/core/key-service/signing-key"
import type { AuditHead, AuditStore, CheckpointRow } from "../../domain/audit/audit-store.ts"

export interface CheckpointsParts {
  readonly store: { readonly audit: AuditStore }
  readonly keys: { checkpointKey(publicKey: Uint8Array): SigningKey | undefined }
  /** Milliseconds since 1970. */
  readonly now: () => number
  /** Told once for each workspace whose roster names a key that is none of this server's. */
  readonly onForeignKey: (workspaceId: WorkspaceId) => void
}

export class Checkpoints {
  readonly #parts: CheckpointsParts
  readonly #foreign = new Set<WorkspaceId>()

  constructor(parts: CheckpointsParts) {
    this.#parts = parts
  }

  /** Resolves when the checkpoint is on disk, or when there is nothing new to sign. */
  async sign({ workspaceId, size, rootHash }: AuditHead): Promise<void> {
    const { store, keys, now, onForeignKey } = this.#parts
    const roster = await store.audit.roster(workspaceId)
    const incarnation = await store.audit.incarnation(workspaceId)
    if (roster === undefined || incarnation === undefined) return
    const { auditKey } = rosterFormat.parse(JSON.parse(roster))
    const before = await store.audit.checkpoint(workspaceId)
    if (before?.incarnation === incarnation && before.size === size && isBy(before, auditKey)) return
    const key = keys.checkpointKey(auditKey)
    if (key === undefined) {
      if (!this.#foreign.has(workspaceId)) onForeignKey(workspaceId)
      this.#foreign.add(workspaceId)
      return
    }
    const origin = auditOrigin(workspaceId, incarnation)
    const note = signCheckpoint({ origin, size, rootHash }, key)
    await store.audit.saveCheckpoint(workspaceId, { incarnation, size, time: now(), note })
  }
}

function isBy({ note }: CheckpointRow, auditKey: Uint8Array): boolean {
  return isCheckpointSignedBy(parseCheckpoint(note), auditKey)
}
