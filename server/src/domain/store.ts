/**
 * The one interface to the database. It knows rows, not rules: services decide, and the store keeps what they decided.
 *
 * Durability: when a method below that changes something resolves, the change and the audit entry that describes it are
 * on disk, in one transaction, and survive a crash of process, system and power. When it throws, nothing was changed.
 * `storage_full` means that there was no room; reads go on, and writes succeed again when there is room.
 */
import type { ApiKeyId, ClientId, KeysetId, WorkspaceId } from "@halfkey/core/formats/ids"
import type { AuditHead, AuditStore } from "./audit/audit-store.ts"
import type * as rows from "./rows.ts"
import type {
  CommitInput,
  FileDeviceInput,
  KeysetInput,
  LastUse,
  NewRootKeyInput,
  NewSigningKeyInput,
  NewWorkspaceInput,
  RecoveryInput,
  ResealInput,
  ResealOutcome,
  RootAssertionInput,
  RotationInput,
  TokenInput,
} from "./store-inputs.ts"

/** An audit entry (S12), ready to be appended to the log of its workspace. */
export interface AuditRecord {
  readonly workspaceId: WorkspaceId
  readonly time: number
  /** Canonical JSON, RFC 8785. */
  readonly entry: Uint8Array
  /** 32 bytes. */
  readonly leafHash: Uint8Array
}

/**
 * Ties a decision to the state that it was made on. Every administrative change (client, API key, key set) adds one to
 * its workspace's generation; a guarded method appends the audit entry and makes its change only while the generation
 * is still the one given, and throws `StaleStateError` otherwise. So no seed, record or write ever leaves on the strength
 * of a permission that was revoked before, however many replicas there are and whatever they cache.
 */
export interface Guard {
  readonly generation: number
  readonly audit: AuditRecord
}

/** The workspace changed since the caller was authorized: authorize again, then repeat. Nothing was written. */
export class StaleStateError extends Error {
  override readonly name = "StaleStateError"
}

/** What is told of audit logs by whoever brings their entries into the tree: one process of all that use a database. */
export interface SequencerEvents {
  /** An audit log has grown to this; all of it is on disk. */
  onHead(head: AuditHead): void
  /** Entries of an audit log are missing: it gets no more heads. */
  onGap(workspaceId: WorkspaceId, message: string): void
}

/**
 * Who keeps in memory what other replicas may change. Nothing is decided on it alone (`Guard`); it is forgotten soon, so
 * that keys which were deleted do not live on in a process.
 */
export interface ChangeListener {
  /** The workspaces of which something is kept, with the generation that it is of. */
  kept(): Iterable<Pick<rows.WorkspaceRow, "id" | "generation">>
  onWorkspaceChanged(id: WorkspaceId): void
  /** Signing keys came or went. */
  onKeysChanged(): void
  /** For a while nobody could tell what changes. */
  onContactAgain(): void
}

export interface Store extends StateReader, VaultReader {
  readonly audit: AuditStore

  /** Appends an entry that describes no change: a read, or a refusal. */
  appendAudit(guard: Guard): Promise<void>

  /** Uses up a client assertion's `jti`. Throws `invalid_client` when it was used before. */
  issueToken(guard: Guard, input: TokenInput): Promise<void>

  /** Uses up the setup token. Throws `invalid_setup_token`, or `already_exists` for a known workspace. */
  createWorkspace(audit: AuditRecord, input: NewWorkspaceInput): Promise<void>

  /** Throws `already_exists` for a name or an id that any key set of the workspace ever had. */
  createKeyset(guard: Guard, input: KeysetInput): Promise<void>

  /**
   * Throws `revision_conflict` unless the stored revision is exactly one below, and where a record came under an epoch that
   * the manifest dropped; removes what it dropped.
   */
  updateKeyset(guard: Guard, input: KeysetInput): Promise<void>

  /** The next roster and the manifests signed under it. Throws `revision_conflict` unless the stored ones are exactly one below. */
  replaceRoster(
    guard: Guard,
    input: { readonly roster: rows.DocumentRow; readonly keysets: readonly KeysetInput[] },
  ): Promise<void>

  /** Uses up the `jti` of an assertion of the root. Throws `invalid_client` when it was used before. */
  useRootAssertion(guard: Guard, input: RootAssertionInput): Promise<void>

  /** Puts a new admin in the place of everybody, all or nothing. Throws `invalid_client`, `already_exists`, `revision_conflict`. */
  recoverWorkspace(guard: Guard, input: RecoveryInput): Promise<void>

  /**
   * Deletes authority keys, grants and recovery grants of a destroyed key set whose time to undo it is over at `purgedAt`.
   * Throws `StaleStateError` for one that is not due, or that was purged before.
   */
  purgeKeyset(guard: Guard, input: { readonly keysetId: KeysetId; readonly purgedAt: number }): Promise<void>

  /** Replaces the client's own self-wraps. */
  saveSelfWraps(
    guard: Guard,
    input: {
      readonly keysetId: KeysetId
      readonly clientId: ClientId
      readonly selfWraps: readonly { readonly epoch: number; readonly selfWrap: Uint8Array }[]
    },
  ): Promise<void>

  /** Registers a client, with its API key and its memberships, all or nothing; it waits no longer. Throws `already_exists`, `revision_conflict`. */
  createClient(
    guard: Guard,
    input: {
      readonly client: rows.ClientRow
      readonly apiKey: rows.ApiKeyRow | undefined
      readonly keysets: readonly KeysetInput[]
    },
  ): Promise<void>

  /** Marks as revoked; changes nothing on a revoked one. */
  revokeClient(guard: Guard, input: { readonly clientId: ClientId; readonly revokedAt: number }): Promise<void>

  /** Keeps a device that asks to be let in; in the place of an expired one of its id. Throws `rate_limited`. */
  fileDevice(guard: Guard, input: FileDeviceInput): Promise<void>

  /** Marks a device that waits as rejected. */
  rejectDevice(guard: Guard, input: { readonly clientId: ClientId; readonly rejectedAt: number }): Promise<void>

  createApiKey(guard: Guard, input: rows.ApiKeyRow): Promise<void>

  /** Marks as revoked; changes nothing on a revoked one. */
  revokeApiKey(guard: Guard, input: { readonly apiKeyId: ApiKeyId; readonly revokedAt: number }): Promise<void>

  /** Keeps the successor, and gives the old key its end, all or nothing. */
  rotateApiKey(guard: Guard, input: RotationInput): Promise<void>

  /** Keeps when keys and clients were last used; never goes back. Nobody's permission depends on it. */
  saveLastUses(uses: readonly LastUse[]): Promise<void>

  /**
   * Writes all or none. A write that is stored already (same name, version and `H(record)`) counts as done. Throws
   * `version_conflict` or `epoch_changed` (S10), `secret_not_found` for the deletion of what never existed.
   * Answers in the order of the writes.
   */
  commitSecrets(guard: Guard, input: CommitInput): Promise<readonly rows.SecretRow[]>

  /**
   * Replaces records by such of the newest epoch, all or none; version, time and author stay (S5). A version that is
   * under the newest epoch counts as done. Throws `epoch_changed`, `secret_not_found`, or `version_conflict` where the
   * stored record is another than the one named.
   */
  resealSecrets(guard: Guard, input: ResealInput): Promise<ResealOutcome>

  /** Makes the server's own row and keys, once per database. */
  initialize(input: {
    readonly server: rows.ServerRow
    readonly signingKeys: readonly rows.SigningKeyRow[]
  }): Promise<void>

  /** Adds a key that signs from now on, as the newest of its kind, and gives it as it is stored. Throws `root_key_mismatch`. */
  addSigningKey(input: NewSigningKeyInput): Promise<rows.SigningKeyRow>

  /** Deletes these; a checkpoint key that the newest roster of some workspace names stays. Gives the kids that went. */
  deleteSigningKeys(input: { readonly kids: readonly string[] }): Promise<readonly string[]>

  /**
   * Puts everything that the root key wraps in the place of what was there. Throws `root_key_mismatch` or `revision_conflict`
   * where a key came or went since it was read.
   */
  replaceRootKey(input: NewRootKeyInput): Promise<void>

  /** Replaces all unused setup tokens by this one; 32 bytes of SHA-256. */
  replaceSetupToken(input: { readonly hash: Uint8Array; readonly createdAt: number }): Promise<void>

  /** Runs `body` when no other replica does: for what files and database must agree on. */
  alone<T>(body: () => Promise<T>): Promise<T>

  /** From now on tells what other replicas change; absent where there can be none. */
  follow?(listener: ChangeListener): void

  /** Checks that the database can be read; throws when it cannot. */
  ping(): Promise<void>

  /** Waits for the writes that were begun, makes the database file complete, and closes. */
  close(): Promise<void>
}

/** What authorization and administration read. Each method sees all that was written before it was called. */
export interface StateReader {
  /** `undefined` until `initialize`. */
  server(): Promise<rows.ServerRow | undefined>
  /** From old to new. */
  signingKeys(): Promise<readonly rows.SigningKeyRow[]>
  /** Whether this is the SHA-256 of a setup token that may still be used; without one, whether there is any. */
  isSetupToken(hash?: Uint8Array): Promise<boolean>
  /** Whether any workspace exists. */
  hasWorkspace(): Promise<boolean>
  workspace(id: WorkspaceId): Promise<rows.WorkspaceRow | undefined>
  /** The whole chain, ascending. */
  rosters(workspaceId: WorkspaceId): Promise<readonly rows.DocumentRow[]>
  /** Whether this `jti` of an assertion of the root was used up. */
  isRootAssertionUsed(workspaceId: WorkspaceId, jti: string): Promise<boolean>
  client(workspaceId: WorkspaceId, id: ClientId): Promise<rows.ClientRow | undefined>
  /** In order of creation. */
  clients(workspaceId: WorkspaceId): Promise<readonly rows.ClientRow[]>
  pendingDevice(workspaceId: WorkspaceId, id: ClientId): Promise<rows.PendingDeviceRow | undefined>
  /** Rejected and expired ones too, in order of filing. */
  pendingDevices(workspaceId: WorkspaceId): Promise<readonly rows.PendingDeviceRow[]>
  apiKey(id: ApiKeyId): Promise<rows.ApiKeyRow | undefined>
  /** In order of creation. */
  apiKeys(workspaceId: WorkspaceId): Promise<readonly rows.ApiKeyRow[]>
  /** Of API keys and clients; those that were never used are left out. */
  lastUses(workspaceId: WorkspaceId): Promise<readonly LastUse[]>
  keysetById(workspaceId: WorkspaceId, id: KeysetId): Promise<rows.KeysetRow | undefined>
  keysetByName(workspaceId: WorkspaceId, name: string): Promise<rows.KeysetRow | undefined>
  /** In order of name. */
  keysets(workspaceId: WorkspaceId): Promise<readonly rows.KeysetRow[]>
  /** Destroyed, of all workspaces, in the order in which their time is over. */
  unpurgedKeysets(): Promise<readonly rows.UnpurgedRow[]>
  /** The member's mode in this key set; `undefined`: not a member. */
  mode(keysetId: KeysetId, clientId: ClientId): Promise<rows.MembershipRow["mode"] | undefined>
  memberships(workspaceId: WorkspaceId, clientId?: ClientId): Promise<readonly rows.MembershipRow[]>
  /** From this revision (included), or only the newest; ascending. */
  manifests(keysetId: KeysetId, sinceRevision?: number): Promise<readonly rows.DocumentRow[]>
  grants(keysetId: KeysetId, clientId?: ClientId): Promise<readonly rows.GrantRow[]>
  recoveryGrants(keysetId: KeysetId): Promise<readonly rows.RecoveryGrantRow[]>
  authorityKey(keysetId: KeysetId, epoch: number): Promise<rows.AuthorityKeyRow | undefined>
  /** All of them, with the workspace that each is wrapped for. */
  authorityKeys(): Promise<readonly (rows.AuthorityKeyRow & { readonly workspaceId: WorkspaceId })[]>
  /** Whether a stored record was sealed under this epoch. */
  usesEpoch(keysetId: KeysetId, epoch: number): Promise<boolean>
}

/** What the vault reads. One call sees one state of the database: a commit of many names is seen whole or not at all. */
export interface VaultReader {
  /** The newest version of each of these names, in their order; `undefined` for one that was never written. */
  currentSecrets(keysetId: KeysetId, names: readonly string[]): Promise<readonly (rows.SecretRow | undefined)[]>
  secretVersion(keysetId: KeysetId, name: string, version: number): Promise<rows.SecretRow | undefined>
  /** The newest versions in order of name (bytes), after `after`; deleted ones only when asked for. */
  listSecrets(
    keysetId: KeysetId,
    filter: {
      readonly prefix: string
      readonly after: string
      readonly limit: number
      readonly deleted: boolean
    },
  ): Promise<readonly rows.SecretRow[]>
  /** Versions of epochs before this one, by epoch and number, behind `after`. */
  staleRecords(
    keysetId: KeysetId,
    epoch: number,
    page: { readonly after: { readonly epoch: number; readonly recordNumber: number }; readonly limit: number },
  ): Promise<readonly rows.StaleRow[]>
  countStaleRecords(keysetId: KeysetId, epoch: number): Promise<number>
  /** Newest first; empty for a name that was never written. */
  versions(keysetId: KeysetId, name: string): Promise<readonly rows.VersionRow[]>
  record(recordNumber: number): Promise<rows.RecordRow | undefined>
}
