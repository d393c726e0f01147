/** Reads a Halfkey database with another SQLite than the server's: what is on disk, not what the server says. */
import { DatabaseSync } from "node:sqlite"
import { auditLeafHash } from "@halfkey/core/formats/audit-entry"
import { toBase64Url } from "@halfkey/core/primitives/bytes"

export interface StoredVersion {
  readonly name: string
  readonly version: number
  readonly deleted: boolean
}

export interface Snapshot {
  /** In order of name and version. */
  readonly versions: readonly StoredVersion[]
  /** What the server takes for the newest version, by name. */
  readonly current: ReadonlyMap<string, { readonly version: number; readonly deleted: boolean }>
  readonly leafHashes: ReadonlySet<string>
  readonly requestIds: ReadonlySet<string>
  /** `name@version` of every commit that the audit log allows. */
  readonly committed: ReadonlySet<string>
  /** Sentences of the database's own checks, and about the audit table. */
  readonly damages: readonly string[]
  /** Entries of the audit log that were read, this time or before. */
  readonly entries: number
}

type Audit = Pick<Snapshot, "leafHashes" | "requestIds" | "committed" | "damages" | "entries">

interface EntryRow {
  readonly seq: number
  readonly entry: Uint8Array
  readonly leaf_hash: Uint8Array
}

/**
 * All of it, and what the database's own checks say of every page. With an `earlier` snapshot of the same database only
 * the audit entries behind it are read, and no check is run: that is cheap enough for every restart.
 */
export function readSnapshot(databasePath: string, earlier?: Snapshot): Snapshot {
  const db = new DatabaseSync(databasePath, { readOnly: true })
  try {
    // One transaction, so that all is of the same moment.
    db.exec("begin")
    const versions = db
      .prepare(
        `select secrets.name, secret_versions.version, secret_versions.deleted
         from secret_versions join secrets on secrets.id = secret_versions.secret_id
         order by secrets.name, secret_versions.version`,
      )
      .all()
      .map((row) => ({ name: String(row["name"]), version: Number(row["version"]), deleted: row["deleted"] === 1 }))
    const current = db.prepare("select name, version, deleted from secrets").all()
    const rows = db.prepare("select seq, entry, leaf_hash from audit_entries where seq >= ? order by seq")
    const audit = readAudit(rows.iterate(earlier?.entries ?? 0), earlier)
    return {
      versions,
      current: new Map(
        current.map((row) => [String(row["name"]), { version: Number(row["version"]), deleted: row["deleted"] === 1 }]),
      ),
      ...audit,
      damages: [...audit.damages, ...(earlier === undefined ? damagesOf(db) : [])],
    }
  } finally {
    db.close()
  }
}

function readAudit(rows: Iterable<unknown>, earlier: Audit | undefined): Audit {
  const leafHashes = new Set(earlier?.leafHashes)
  const requestIds = new Set(earlier?.requestIds)
  const committed = new Set(earlier?.committed)
  const damages: string[] = []
  let expected = earlier?.entries ?? 0
  for (const { seq, entry, leaf_hash } of rows as Iterable<EntryRow>) {
    if (seq !== expected) damages.push(`audit entry ${expected} is missing before ${seq}`)
    expected = seq + 1
    const leafHash = toBase64Url(leaf_hash)
    if (toBase64Url(auditLeafHash(entry)) !== leafHash) damages.push(`audit entry ${seq} has another hash`)
    leafHashes.add(leafHash)
    const { action, names, outcome, requestId } = JSON.parse(new TextDecoder().decode(entry))
    requestIds.add(requestId)
    if (action === "secret.commit" && outcome === "allowed") for (const name of names) committed.add(name)
  }
  return { leafHashes, requestIds, committed, damages, entries: expected }
}

function damagesOf(db: DatabaseSync): string[] {
  try {
    return foundByDatabase(db)
  } catch (error) {
    return [`the database cannot check itself: ${error instanceof Error ? error.message : "?"}`]
  }
}

function foundByDatabase(db: DatabaseSync): string[] {
  const problems = db.prepare("pragma integrity_check").all()
  const dangling = db.prepare("pragma foreign_key_check").all()
  return [
    ...problems.map((row) => String(row["integrity_check"])).filter((text) => text !== "ok"),
    ...dangling.map((row) => `${row["table"]} ${row["rowid"]} refers to nothing in ${row["parent"]}`),
  ]
}
