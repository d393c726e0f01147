/** What a stream of audit entries is delivered to. */
import type { WorkspaceId } from "@halfkey/core/formats/ids"
import type { StoredEntry } from "../domain/audit/audit-store.ts"

export interface StreamTarget {
  /** Names its place in the database. */
  readonly name: "file" | "webhook"
  /** Entries of one log in their order. Resolves when the receiver has them; throws when it may not have them. */
  deliver(workspaceId: WorkspaceId, entries: readonly StoredEntry[], signal: AbortSignal): Promise<void>
  close(): Promise<void>
}

/** One entry as JSON: `{"index":7,"entry":{…}}`, with the entry's own bytes as they are in the tree. */
export function entryLine({ index, bytes }: StoredEntry): string {
  return `{"index":${index},"entry":${Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString()}}`
}
