/** What the server wrote down, read from its database as a test's outside view. */
import type { AuditEntry } from "@halfkey/core/formats/audit-entry"
import Database from "better-sqlite3"
import { askPostgres } from "./ask-postgres.ts"

export interface StoredEntry {
  readonly seq: number
  /** The bytes as stored. */
  readonly bytes: Uint8Array
  readonly leafHash: Uint8Array
  readonly entry: AuditEntry
}

/** All entries of all workspaces in order. */
export function auditLog(server: { readonly databasePath: string; readonly postgresUrl?: string | undefined }) {
  const { databasePath, postgresUrl } = server
  return postgresUrl === undefined ? fromSqlite(databasePath) : fromPostgres(postgresUrl)
}

const all = "select seq, entry, leaf_hash from audit_entries order by workspace_id, seq"

function fromPostgres(url: string): StoredEntry[] {
  const bytes = (text = "") => Buffer.from(text.slice(2), "hex")
  return askPostgres(url, all).map(({ seq, entry, leaf_hash }) => ({
    seq: Number(seq),
    bytes: bytes(entry),
    leafHash: bytes(leaf_hash),
    entry: JSON.parse(bytes(entry).toString()),
  }))
}

function fromSqlite(databasePath: string): StoredEntry[] {
  const db = new Database(databasePath, { readonly: true })
  try {
    const rows = db.prepare(all).all()
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
