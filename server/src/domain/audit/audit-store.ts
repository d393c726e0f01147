/** What the store keeps of audit logs beside their entries (S12): the tree, an index, heads, archives, and how far streams are. */
import type { ApiKeyId, ClientId, WorkspaceId } from "@halfkey/core/formats/ids"
import type { AuditRecord } from "../store.ts"
import type { TileReader } from "./tiles.ts"

/** What is asked for; an entry must fit all of it. Times are milliseconds since 1970. */
export interface AuditFilter {
  /** From this time on. */
  readonly since?: number | undefined
  /** Before this time. */
  readonly until?: number | undefined
  readonly client?: ClientId | undefined
  readonly apiKey?: ApiKeyId | undefined
  /** Name or id. */
  readonly environment?: string | undefined
  /** Of a secret, without a version. */
  readonly name?: string | undefined
  readonly action?: string | undefined
  readonly outcome?: "allowed" | "denied" | undefined
}

export interface AuditPage {
  /** Only entries behind this one, in the order asked for. */
  readonly after: number | undefined
  readonly limit: number
  readonly order: "asc" | "desc"
}

export interface StoredEntry {
  readonly index: number
  /** Canonical JSON (RFC 8785), UTF-8. */
  readonly bytes: Uint8Array
}

export interface FoundEntries {
  readonly entries: readonly StoredEntry[]
  /** Where to go on; `undefined` when everything was looked at. */
  readonly next: number | undefined
  /** Archived entries that were passed over. */
  readonly archived: readonly AuditArchive[]
}

/** Entries `first` to `last` that are in a file instead of the database. */
export interface AuditArchive {
  readonly first: number
  readonly last: number
  /** Its name, without the directory. */
  readonly file: string
  /** SHA-256 of the file, 32 bytes. */
  readonly hash: Uint8Array
  /** When they were moved. */
  readonly time: number
}

/** A log as it is now: all these entries are on disk, and the tree can be asked for every size up to this one. */
export interface AuditHead {
  readonly workspaceId: WorkspaceId
  readonly size: number
  /** 32 bytes. */
  readonly rootHash: Uint8Array
}

export interface CheckpointRow {
  readonly incarnation: number
  readonly size: number
  readonly time: number
  /** The signed note. */
  readonly note: string
}

export interface AuditStore {
  entries(workspaceId: WorkspaceId, filter: AuditFilter, page: AuditPage): Promise<FoundEntries>
  tiles(workspaceId: WorkspaceId): TileReader
  /** Where an entry with this leaf hash is; `undefined` when it is nowhere. */
  indexOf(workspaceId: WorkspaceId, leafHash: Uint8Array): Promise<number | undefined>
  /** The newest one. */
  checkpoint(workspaceId: WorkspaceId): Promise<CheckpointRow | undefined>
  /** Raised when a restore was accepted (S10); `undefined` for an unknown workspace. */
  incarnation(workspaceId: WorkspaceId): Promise<number | undefined>
  /** The newest roster as JSON. */
  roster(workspaceId: WorkspaceId): Promise<string | undefined>
  /** Keeps it, unless the one that is there is of a larger tree or a later incarnation. */
  saveCheckpoint(workspaceId: WorkspaceId, row: CheckpointRow): Promise<void>
  /** How many entries of a log a stream has taken. */
  streamed(stream: string, workspaceId: WorkspaceId): Promise<number>
  saveStreamed(stream: string, workspaceId: WorkspaceId, next: number): Promise<void>

  workspaces(): Promise<readonly WorkspaceId[]>
  /** Entries `first` to before `end` that are in the database, in whole blocks, all from before this time; never the newest. */
  blocksBefore(workspaceId: WorkspaceId, time: number): Promise<{ readonly first: number; readonly end: number }>
  /** Appends the entry and writes down where the archived ones are. Throws `data_directory_in_use`. */
  archive(audit: AuditRecord, archive: AuditArchive): Promise<void>
  /** Blocks whose entries are in an archive and still in the database. */
  forgettableBlocks(workspaceId: WorkspaceId): Promise<{ readonly first: number; readonly end: number }>
  /** Deletes the entries of such a block; its part of the tree stays. */
  forgetBlock(workspaceId: WorkspaceId, block: number): Promise<void>
}
