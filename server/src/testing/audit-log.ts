/** What the server wrote down, read from its database as a test's outside view. */
import { join } from "node:path"
import type { AuditEntry } from "@halfkey/core/formats/audit-entry"
import Database from "better-sqlite3"
import type { TestServer } from "./test-server.ts"

export interface StoredEntry {
  readonly seq: number
  /** The bytes as stored. */
  readonly bytes: Uint8Array
  readonly leafHash: Uint8Array
  readonly entry: AuditEntry
}

/** All entries of all workspaces in order. */
export function auditLog(server: Pick<TestServer, "dataDirectory">): StoredEntry[] {
  const db = new Database(join(server.dataDirectory, "halfkey.db"), { readonly: true })
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
