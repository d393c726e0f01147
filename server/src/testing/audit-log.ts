/** What the server wrote down, read from its database as a test's outside view. */
import type { AuditEntry } from "@halfkey/core/formats/audit-entry"
import Database from "better-sqlite3"

export interface StoredEntry {
  readonly seq: number
  /** The bytes as stored. */
  readonly bytes: Uint8Array
  readonly leafHash: Uint8Array
  readonly entry: AuditEntry
}

/** All entries of all workspaces in order. */
export function auditLog({ databasePath }: { readonly databasePath: string }): StoredEntry[] {
  const db = new Database(databasePath, { readonly: true })
  try {
    const rows = db.prepare("select seq, entry, leaf_hash from audit_entries order by workspace_id, seq").all()
    return (rows as { seq: number; entry: Buffer; leaf_hash: Buffer }[]).map(({ seq, entry, leaf_hash }) => ({
      seq,
      bytes: entry,
      leafHash: leaf_hash,
      entry: JSON.parse(entry.toString()),
    }))
  } finally {
    db.close()
  }
}
