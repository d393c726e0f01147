/** What `Admin.audit` takes and gives (S12). Times are RFC 3339, UTC, with milliseconds. */
import type { CallOptions } from "../options.ts"
import type { Result } from "../result.ts"
import type { AuditFloor, Receipt } from "../stores.ts"

/** Only entries that fit all of it. */
export interface AuditFilter {
  /** From this time on. */
  readonly since?: string | undefined
  /** Before this time. */
  readonly until?: string | undefined
  /** A client's id. */
  readonly client?: string | undefined
  /** An API key's id. */
  readonly apiKey?: string | undefined
  /** Name or id. */
  readonly environment?: string | undefined
  /** Of a secret. */
  readonly name?: string | undefined
  /** As `secret.read`. */
  readonly action?: string | undefined
  readonly outcome?: "allowed" | "denied" | undefined
}

/** Which page of the log. */
export interface AuditPageOptions extends CallOptions {
  /** Only entries behind this index, in the order asked for. */
  readonly after?: number | undefined
  /** Most entries of the page: 1 to 1,000. Default 100. */
  readonly limit?: number | undefined
  /** Default "asc": oldest first. */
  readonly order?: "asc" | "desc" | undefined
}

/** One entry as it is in the tree. */
export interface AuditLogEntry {
  /** Place in the log, from 0. */
  readonly index: number
  /** Exactly the text (canonical JSON) whose hash is in the tree. */
  readonly entry: string
}

/** Entries `first` to `last` that the server's operator moved into a file (`audit archive`). */
export interface AuditArchive {
  readonly first: number
  readonly last: number
  /** Its name, without the directory. */
  readonly file: string
}

/** One page of the log. */
export interface AuditLogPage {
  readonly entries: readonly AuditLogEntry[]
  /** What this page passed over. */
  readonly archived: readonly AuditArchive[]
  /** `after` of the next page; `undefined` when there is no more. A page may be empty and have a next one. */
  readonly next: number | undefined
}

/** A head of the log, checked: signed by the audit key of the verified roster, and going on from the last one seen. */
export interface AuditCheckpoint {
  /** The C2SP checkpoint itself: a signed note. */
  readonly note: string
  readonly origin: string
  /** Number of entries. */
  readonly size: number
  /** Root of the RFC 6962 tree, base64url. */
  readonly rootHash: string
  /** When it was signed, by the server's word. */
  readonly time: string
  /** Ed25519 public key that signed it, base64url. */
  readonly auditKey: string
  /** What proves that key to whoever knows the CRN: keep it beside an export. */
  readonly roster: AuditRoster
}

/** The roster chain from its beginning, with the root's public keys that the workspace id commits to. Plain JSON. */
export interface AuditRoster {
  readonly root: { readonly signPk: string; readonly kemPk: string }
  readonly rosters: readonly unknown[]
}

/** How far a verification is. */
export interface AuditProgress {
  /** Entries hashed so far. */
  readonly done: number
  readonly total: number
}

/** Of `audit.verify`. */
export interface VerifyAuditOptions extends CallOptions {
  /** How long receipts may wait for a checkpoint that covers their entries, in milliseconds. Default 10,000. */
  readonly waitMs?: number | undefined
  /** Entries of archive files, in the order of their indexes, for a log that does not begin with entry 0 any more. */
  readonly archives?: AsyncIterable<AuditLogEntry> | Iterable<AuditLogEntry> | undefined
  readonly onProgress?: ((progress: AuditProgress) => void) | undefined
}

/** A log that passed every check. */
export interface VerifiedAudit {
  readonly origin: string
  readonly size: number
  readonly rootHash: string
  /** The head that this one goes on from; `undefined` where this machine had seen none. */
  readonly goesOnFrom: { readonly size: number; readonly seenAt: string } | undefined
  /**
   * A head that this machine saw and that an export says nothing about: it ends before, or is of another log. Whoever holds
   * the audit key can make such an export of anything. Only of exports.
   */
  readonly notCompared: { readonly origin: string; readonly size: number; readonly seenAt: string } | undefined
  /** A restore was accepted since the last head that this machine saw: the log goes on under a new origin (S10). */
  readonly restored: { readonly incarnation: number; readonly lostReceipts: number } | undefined
  /** Receipts of this machine whose entries are in the log. */
  readonly receipts: number
  /** Entries from the first one on that are in archive files: they are under the root, but were not read. */
  readonly archived: number
  /** Entries behind the checkpoint, which it says nothing about. Only of exports. */
  readonly uncovered: number
}

/** Of `verifyAuditExport`. */
export interface VerifyExportOptions {
  /** In the order of their indexes, from 0. */
  readonly entries: AsyncIterable<AuditLogEntry> | Iterable<AuditLogEntry>
  /** The signed note. */
  readonly checkpoint: string
  readonly workspaceCRN: string
  /** Proves the audit key by the CRN. One of `roster` and `auditKey` is needed. */
  readonly roster?: AuditRoster | undefined
  /** Ed25519 public key, base64url, from a source that you trust. */
  readonly auditKey?: string | undefined
  /** The last head that was seen of this log. */
  readonly seen?: AuditFloor | undefined
  /** Those from before the last entry that the checkpoint covers must be in the log. */
  readonly receipts?: readonly Receipt[] | undefined
  readonly onProgress?: ((progress: AuditProgress) => void) | undefined
}

/** The audit log: asking it questions, taking it away, proving it. Needs an API key with `audit:read`. */
export interface AuditAdministration {
  /**
   * One page of entries, as the server has them: only `verify` proves anything. Reading is logged, too.
   *
   * @example
   * const { entries } = unwrap(await admin.audit.entries({ action: "secret.read" }, { order: "desc", limit: 10 }))
   * for (const { entry, index } of entries) console.error(index, JSON.parse(entry).time)
   */
  entries(filter?: AuditFilter, options?: AuditPageOptions): Promise<Result<AuditLogPage>>
  /**
   * All entries, page by page, oldest first. Ends after a failure; go on with `after`, the index of the last entry that
   * you have. `timeoutMs` is that of each request.
   *
   * @example
   * let count = 0
   * for await (const page of admin.audit.export()) count += unwrap(page).entries.length
   * console.log(count > 0) // prints true
   */
  export(options?: CallOptions & { readonly after?: number }): AsyncIterable<Result<AuditLogPage>>
  /**
   * The newest head, checked: its signature by the verified roster, and that it goes on from the last one that this
   * machine saw. Fails with `audit_verification_failed`.
   *
   * @example
   * const { note, size } = unwrap(await admin.audit.checkpoint())
   * console.log(note.startsWith("halfkey/"), size > 0) // prints true true
   */
  checkpoint(options?: CallOptions): Promise<Result<AuditCheckpoint>>
  /**
   * Everything that can be proved: the tree of all entries is the one that was signed, it goes on from the last head that
   * this machine saw, and this machine's receipts are in it. Reads the whole log, in little memory; `timeoutMs` is that of
   * each request. Fails with `audit_verification_failed`, which names the check and, where it can be told, the entry.
   *
   * @example
   * unwrap(await admin.workspace()) // whose receipt must be in the log
   * const { receipts, size } = unwrap(await admin.audit.verify())
   * console.log(size > 0, receipts > 0) // prints true true
   */
  verify(options?: VerifyAuditOptions): Promise<Result<VerifiedAudit>>
}
