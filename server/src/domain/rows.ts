/** What the store holds, as the services see it. Times are milliseconds since 1970. */
import type { ApiKeyId, ClientId, KeysetId, WorkspaceId } from "@halfkey/core/formats/ids"
import type { Manifest, MemberMode } from "@halfkey/core/formats/manifest"
import type { Role } from "@halfkey/core/formats/scopes"

export interface WorkspaceRow {
  readonly id: WorkspaceId
  readonly crn: string
  /** Grows with every administrative change; see `Guard`. */
  readonly generation: number
  readonly rootSignPk: Uint8Array
  readonly rootKemPk: Uint8Array
  readonly createdAt: number
}

/** A signed document as it was accepted: its JSON, and its hash (32 bytes, S4). */
export interface DocumentRow {
  /** `seq` of a roster, `revision` of a manifest. */
  readonly number: number
  readonly json: string
  readonly hash: Uint8Array
}

export interface ClientRow {
  readonly id: ClientId
  readonly workspaceId: WorkspaceId
  readonly label: string
  readonly signPk: Uint8Array
  readonly kemPk: Uint8Array
  /** What it may do without an API key, as a person's device (S9); `null`: nothing. */
  readonly deviceRole: DeviceRole | null
  readonly createdAt: number
  readonly revokedAt: number | null
}

export type DeviceRole = Exclude<Role, "control">

/** A device that asks to be let in (S9). It is no client yet. */
export interface PendingDeviceRow {
  readonly id: ClientId
  readonly workspaceId: WorkspaceId
  readonly label: string
  readonly signPk: Uint8Array
  readonly kemPk: Uint8Array
  /** 32 bytes. */
  readonly nonce: Uint8Array
  /** Where it was filed from. */
  readonly address: string
  readonly filedAt: number
  readonly expiresAt: number
  readonly rejectedAt: number | null
}

export interface ApiKeyRow {
  readonly id: ApiKeyId
  readonly workspaceId: WorkspaceId
  readonly label: string
  readonly role: Role
  /** `null`: bound to no client (role `control` only). */
  readonly clientId: ClientId | null
  /** SHA-256 of the secret, 32 bytes. */
  readonly secretHash: Uint8Array
  readonly readOnly: boolean
  /** Key sets that it is narrowed to; `null`: all. */
  readonly keysetIds: readonly KeysetId[] | null
  /** CIDR networks that it is narrowed to; `null`: all. */
  readonly networks: readonly string[] | null
  readonly createdAt: number
  readonly expiresAt: number | null
  readonly revokedAt: number | null
  /** The key that took its place; `null`: none did. */
  readonly rotatedTo: ApiKeyId | null
  /** The end of the overlap, where it was rotated. */
  readonly retiresAt: number | null
}

/** What a caller's permission rests on: its API key; or, without one, the role that its device was approved with (S9). */
export type Authority = Pick<
  ApiKeyRow,
  "role" | "readOnly" | "keysetIds" | "networks" | "createdAt" | "expiresAt" | "revokedAt" | "rotatedTo" | "retiresAt"
> & { readonly id: ApiKeyId | null }

export interface KeysetRow {
  readonly id: KeysetId
  readonly workspaceId: WorkspaceId
  readonly name: string
  readonly kind: Manifest["kind"]
  readonly state: Manifest["state"]
  readonly revision: number
  /** The newest live epoch: the one to seal under. */
  readonly epoch: number
  readonly versionFloor: number
  readonly memberCount: number
  readonly createdAt: number
  readonly updatedAt: number
  /** While it is destroyed: until when that can be undone. */
  readonly undoUntil: number | null
  /** When the keys of a destroyed one were deleted: nothing undoes that. */
  readonly purgedAt: number | null
}

/** A key set that is destroyed, and whose keys are still there. */
export type UnpurgedRow = Pick<KeysetRow, "id" | "workspaceId" | "name"> & { readonly undoUntil: number }

/** A member as the newest manifest lists it. */
export interface MembershipRow {
  readonly keysetId: KeysetId
  readonly clientId: ClientId
  readonly mode: MemberMode
}

/** A grant as it was accepted (S4). */
export interface GrantRow {
  readonly keysetId: KeysetId
  readonly epoch: number
  readonly clientId: ClientId
  readonly enc: Uint8Array
  readonly sealedHalf: Uint8Array
  readonly selfWrap: Uint8Array | null
}

export interface RecoveryGrantRow {
  readonly keysetId: KeysetId
  readonly epoch: number
  readonly enc: Uint8Array
  readonly sealedHalf: Uint8Array
}

/** An authority key, wrapped under the root key (S11). */
export interface AuthorityKeyRow {
  readonly keysetId: KeysetId
  readonly epoch: number
  readonly wrapped: Uint8Array
}

/** One version of a secret, without its record. */
export interface SecretRow {
  /** Of the secret, the same in every version. */
  readonly id: string
  readonly name: string
  readonly version: number
  readonly deleted: boolean
  /** When the secret was first written. */
  readonly createdAt: number
  /** When this version was written. */
  readonly updatedAt: number
  /** Names the stored record; a record that is replaced gets a new number, so what is cached under one never changes. */
  readonly recordNumber: number
}

export interface RecordRow {
  readonly epoch: number
  /** 16 bytes (S6). */
  readonly keyId: Uint8Array
  readonly record: Uint8Array
}

/** A kept version whose record is not of the newest epoch (S5). */
export interface StaleRow {
  readonly recordNumber: number
  readonly name: string
  readonly version: number
  readonly deleted: boolean
  readonly epoch: number
  /** 16 bytes (S6). */
  readonly keyId: Uint8Array
  readonly record: Uint8Array
}

export interface VersionRow {
  readonly version: number
  readonly deleted: boolean
  readonly createdAt: number
  readonly clientId: ClientId
  readonly epoch: number
  /** Bytes of the record. */
  readonly size: number
}

/** A key that the server itself signs with, wrapped under the root key (S11). */
export interface SigningKeyRow {
  readonly kid: string
  readonly kind: "token-key" | "checkpoint-key"
  readonly wrapped: Uint8Array
  readonly createdAt: number
}

/** Exists once per database. */
export interface ServerRow {
  /** 8 bytes, S11. */
  readonly rootKeyId: Uint8Array
  /** How the root key is made from a passphrase, as JSON; `null`: it is not. */
  readonly rootKeyDerivation: string | null
  readonly createdAt: number
}
