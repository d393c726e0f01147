/** The tables, as Kysely sees them. What each column holds is said in `domain/rows.ts`; `migrations/` makes them. */
import type { ApiKeyId, ClientId, KeysetId, WorkspaceId } from "@halfkey/core/formats/ids"
import type { Manifest, MemberMode } from "@halfkey/core/formats/manifest"
import type { Role } from "@halfkey/core/formats/scopes"
import type { Generated } from "kysely"
import type { DeviceRole } from "../domain/rows.ts"

/** 0 or 1: neither a driver nor SQLite has a boolean. */
type Flag = number

export interface Schema {
  server: { id: number; root_key_id: Uint8Array; root_key_derivation: string | null; created_at: number }
  signing_keys: { kid: string; kind: "token-key" | "checkpoint-key"; wrapped: Uint8Array; created_at: number }
  setup_tokens: { hash: Uint8Array; created_at: number; used_at: number | null }
  workspaces: {
    id: WorkspaceId
    crn: string
    generation: number
    root_sign_pk: Uint8Array
    root_kem_pk: Uint8Array
    created_at: number
    /** Of the audit log's origin (S12): the highest that a manifest of the workspace has had. */
    audit_incarnation: Generated<number>
  }
  rosters: { workspace_id: WorkspaceId; seq: number; document: string; hash: Uint8Array }
  clients: {
    id: ClientId
    workspace_id: WorkspaceId
    label: string
    sign_pk: Uint8Array
    kem_pk: Uint8Array
    created_at: number
    revoked_at: number | null
    device_role: DeviceRole | null
  }
  pending_devices: {
    id: ClientId
    workspace_id: WorkspaceId
    label: string
    sign_pk: Uint8Array
    kem_pk: Uint8Array
    nonce: Uint8Array
    address: string
    filed_at: number
    expires_at: number
    rejected_at: number | null
  }
  api_keys: {
    id: ApiKeyId
    workspace_id: WorkspaceId
    label: string
    role: Role
    client_id: ClientId | null
    secret_hash: Uint8Array
    read_only: Flag
    /** JSON list. */
    keyset_ids: string | null
    /** JSON list. */
    networks: string | null
    created_at: number
    expires_at: number | null
    revoked_at: number | null
    rotated_to: ApiKeyId | null
    retires_at: number | null
  }
  last_uses: { id: ApiKeyId | ClientId; at: number }
  used_assertions: { client_id: ClientId; jti: string; expires_at: number }
  used_root_assertions: { workspace_id: WorkspaceId; jti: string; expires_at: number }
  keysets: {
    id: KeysetId
    workspace_id: WorkspaceId
    name: string
    kind: Manifest["kind"]
    state: Manifest["state"]
    revision: number
    epoch: number
    version_floor: number
    created_at: number
    updated_at: number
    undo_until: number | null
    purged_at: number | null
  }
  manifests: { keyset_id: KeysetId; revision: number; document: string; hash: Uint8Array }
  keyset_members: { keyset_id: KeysetId; client_id: ClientId; mode: MemberMode }
  grants: {
    keyset_id: KeysetId
    epoch: number
    client_id: ClientId
    enc: Uint8Array
    sealed_half: Uint8Array
    self_wrap: Uint8Array | null
  }
  recovery_grants: { keyset_id: KeysetId; epoch: number; enc: Uint8Array; sealed_half: Uint8Array }
  authority_keys: { keyset_id: KeysetId; epoch: number; wrapped: Uint8Array }
  secrets: {
    id: string
    keyset_id: KeysetId
    name: string
    version: number
    deleted: Flag
    created_at: number
    updated_at: number
    record_number: number
  }
  secret_versions: {
    record_number: Generated<number>
    secret_id: string
    version: number
    deleted: Flag
    record: Uint8Array
    hash: Uint8Array
    keyset_id: KeysetId
    epoch: number
    key_id: Uint8Array
    client_id: ClientId
    created_at: number
  }
  audit_entries: {
    workspace_id: WorkspaceId
    seq: number
    time: number
    entry: Uint8Array
    leaf_hash: Uint8Array
  }
  /** Hashes of perfect subtrees, up to 256 in a row, 32 bytes each: `domain/audit/tiles.ts`. */
  audit_tiles: { workspace_id: WorkspaceId; level: number; number: number; hashes: Uint8Array }
  /** 256 entries that are in the tree and in the index. */
  audit_blocks: { workspace_id: WorkspaceId; number: number; first_time: number; last_time: number }
  /** Which entries of a block have a term: a bit for each, 32 bytes. */
  audit_terms: { workspace_id: WorkspaceId; term: string; block: number; places: Uint8Array }
  /** Where leaves are, by the first byte of their hash. */
  audit_leaves: { workspace_id: WorkspaceId; run: number; bucket: number; leaves: Uint8Array }
  audit_checkpoints: { workspace_id: WorkspaceId; incarnation: number; size: number; time: number; note: string }
  /** Entries that were moved into files. */
  audit_archives: {
    workspace_id: WorkspaceId
    first: number
    last: number
    file: string
    hash: Uint8Array
    time: number
  }
  /** Up to where a stream has taken the entries. */
  audit_cursors: { workspace_id: WorkspaceId; stream: string; next: number }
}
