/** What a program may keep between runs: the access token, and what it has already seen (S10). Never a value or a key. */

export interface StoredToken {
  readonly accessToken: string
  /** Milliseconds since 1970. */
  readonly expiresAt: number
}

/** Keeps one access token, so that a short-lived program needs one round trip instead of two. Keep it readable by its owner only. */
export interface TokenStore {
  load(): Promise<StoredToken | undefined>
  save(token: StoredToken): Promise<void>
  clear(): Promise<void>
}

/** Highest roster seen: `hash` is base64url of 32 bytes. */
export interface RosterFloor {
  readonly seq: number
  readonly hash: string
}

/** Highest manifest seen of a key set. */
export interface KeysetFloor {
  readonly name: string
  readonly incarnation: number
  readonly revision: number
  readonly hash: string
}

/** Newest record seen of a secret; `hash` is base64url of `H(record)`. */
export interface SecretFloor {
  readonly version: number
  readonly epoch: number
  readonly hash: string
  /** Whether that record marks a deletion. */
  readonly deleted?: boolean | undefined
}

/** Roots of the perfect subtrees of a tree of `size` leaves, largest first, base64url of 32 bytes each. */
export interface AuditPeaks {
  readonly size: number
  readonly peaks: readonly string[]
}

/** Last head of the audit log that was checked (S12). */
export interface AuditFloor {
  /** `halfkey/<workspace id>/<incarnation>` */
  readonly origin: string
  /** Number of entries. */
  readonly size: number
  /** Root of the tree, base64url of 32 bytes. */
  readonly rootHash: string
  /** When this machine saw it, milliseconds since 1970. */
  readonly seenAt: number
  /** Of the tree when the whole log was last read: they narrow down what was changed later. */
  readonly read?: AuditPeaks | undefined
  /** Entries behind receipts from before this time were lost by an accepted restore (S10). */
  readonly receiptsSince?: number | undefined
}

/** Newest state seen of a cache (S14): how often it was written, and the time then, in milliseconds since 1970. */
export interface CacheFloor {
  readonly sequence: number
  readonly time: number
}

/** What this machine has seen of one workspace, as plain JSON. `{}` is the state of a machine that has seen nothing. */
export interface FreshnessState {
  readonly roster?: RosterFloor
  /** By key set id. */
  readonly keysets?: Readonly<Record<string, KeysetFloor>>
  /** By key set id, then by name. */
  readonly secrets?: Readonly<Record<string, Readonly<Record<string, SecretFloor>>>>
  readonly audit?: AuditFloor
  /** By the key of the cache store. */
  readonly caches?: Readonly<Record<string, CacheFloor>>
}

/**
 * Keeps the floors of S10 for one workspace. `save` is called only after every check of an answer passed, with a state
 * that is at or above what `load` gave just before.
 */
export interface FreshnessStore {
  load(): Promise<FreshnessState>
  save(state: FreshnessState): Promise<void>
}

/** A record as it was read or written: sealed, and worth nothing without the server's half and a client's. */
export interface ArchivedRecord {
  readonly keysetId: string
  readonly name: string
  readonly version: number
  readonly deleted: boolean
  /** base64url. */
  readonly record: string
}

/** What brings back what an operator's restore of an older database lost (S10). Nothing in it is secret by itself. */
export interface Archive {
  /** Signed rosters, as JSON documents. */
  readonly rosters: readonly unknown[]
  /** Signed manifests, as JSON documents. */
  readonly manifests: readonly unknown[]
  readonly records: readonly ArchivedRecord[]
}

/**
 * Keeps an archive for one workspace. `add` is called with what is new, after every check of an answer has passed and
 * before the floors are saved. `load` gives all that was added, in the order of adding; things that were
 * added twice may come twice. Old records may be dropped for room; rosters, and of each key set the newest manifest, not.
 */
export interface ArchiveStore {
  load(): Promise<Archive>
  add(news: Archive): Promise<void>
}

/** A receipt: the leaf hash of an audit entry (base64url of 32 bytes), and when it came, in milliseconds since 1970. */
export interface Receipt {
  readonly leafHash: string
  readonly time: number
}

/** Keeps the last receipts of one workspace (S12), oldest first; how many is its own choice. */
export interface ReceiptStore {
  load(): Promise<readonly Receipt[]>
  add(receipts: readonly Receipt[]): Promise<void>
}
