/** What services hand to the store. Everything in it was checked; the store only compares and keeps. */
import type { ApiKeyId, ClientId, KeysetId, WorkspaceId } from "@halfkey/core/formats/ids"
import type * as rows from "./rows.ts"

export interface TokenInput {
  /** `undefined` for a token without a client. */
  readonly assertion: { readonly clientId: ClientId; readonly jti: string; readonly expiresAt: number } | undefined
  readonly now: number
}

/** A device that asks to be let in, with what is forgotten on the way (S9). */
export interface FileDeviceInput {
  readonly device: rows.PendingDeviceRow
  /** Most devices of a workspace that may wait at once. */
  readonly most: number
  /** What expired before is forgotten; milliseconds. */
  readonly forgetBefore: number
}

/** The use of an assertion of a workspace's root. */
export interface RootAssertionInput {
  readonly workspaceId: WorkspaceId
  readonly jti: string
  readonly expiresAt: number
  readonly now: number
}

/** A new admin in the place of every client and API key that there was (S5). */
export interface RecoveryInput {
  readonly assertion: RootAssertionInput
  readonly client: rows.ClientRow
  readonly apiKey: rows.ApiKeyRow
  readonly roster: rows.DocumentRow
  readonly keysets: readonly KeysetInput[]
  /** Of the others. */
  readonly revokedAt: number
}

/** An API key and the one that takes its place. */
export interface RotationInput {
  readonly apiKeyId: ApiKeyId
  /** Until then both work. */
  readonly retiresAt: number
  readonly successor: rows.ApiKeyRow
}

export interface LastUse {
  readonly id: ApiKeyId | ClientId
  readonly at: number
}

/** A manifest with what must change beside it. */
export interface KeysetInput {
  readonly keyset: Omit<rows.KeysetRow, "memberCount">
  readonly manifest: rows.DocumentRow
  readonly incarnation: number
  readonly liveEpochs: readonly number[]
  readonly members: readonly rows.MembershipRow[]
  /** New or replaced; those of removed members and epochs go by themselves. */
  readonly grants: readonly rows.GrantRow[]
  readonly recoveryGrants: readonly rows.RecoveryGrantRow[]
  /** Of epochs that are new. */
  readonly authorityKeys: readonly rows.AuthorityKeyRow[]
}

export interface NewWorkspaceInput {
  readonly setupTokenHash: Uint8Array
  readonly workspace: Omit<rows.WorkspaceRow, "generation">
  readonly roster: rows.DocumentRow
  readonly client: rows.ClientRow
  readonly apiKey: rows.ApiKeyRow
  readonly keysets: readonly KeysetInput[]
}

export interface CommitInput {
  readonly keysetId: KeysetId
  readonly workspaceId: WorkspaceId
  readonly clientId: ClientId
  /** The epoch to seal under, as the guard's generation has it. */
  readonly epoch: number
  readonly versionFloor: number
  readonly now: number
  readonly writes: readonly CommitWrite[]
}

export interface CommitWrite {
  /** Id for the secret, if the name is new. */
  readonly newId: string
  readonly name: string
  readonly previousVersion: number
  readonly version: number
  readonly deleted: boolean
  readonly record: Uint8Array
  /** `H(record)`, 32 bytes. */
  readonly hash: Uint8Array
  readonly epoch: number
  /** 16 bytes. */
  readonly keyId: Uint8Array
}

export interface NewSigningKeyInput {
  readonly key: rows.SigningKeyRow
  /** The root key that wraps it: refused when it is not the database's any more. 8 bytes. */
  readonly rootKeyId: Uint8Array
  /** Deletes the other keys of its kind in the same transaction: all that they signed is worth nothing at once. */
  readonly deleteOthers: boolean
}

/** Everything that a root key wraps, wrapped by the next one. */
export interface NewRootKeyInput {
  /** The root key that wrapped it before, 8 bytes. */
  readonly previousId: Uint8Array
  readonly server: Omit<rows.ServerRow, "createdAt">
  readonly signingKeys: readonly rows.SigningKeyRow[]
  readonly authorityKeys: readonly rows.AuthorityKeyRow[]
}

export interface ResealInput {
  readonly keysetId: KeysetId
  /** The epoch to seal under, as the guard's generation has it. */
  readonly epoch: number
  readonly writes: readonly ResealWrite[]
}

export interface ResealWrite {
  readonly name: string
  readonly version: number
  /** `H(record)` of the record that is replaced, 32 bytes. */
  readonly previousHash: Uint8Array
  readonly record: Uint8Array
  /** `H(record)`, 32 bytes. */
  readonly hash: Uint8Array
  readonly epoch: number
  /** 16 bytes. */
  readonly keyId: Uint8Array
}

export interface ResealOutcome {
  /** Replaced by this call. */
  readonly resealed: number
  /** Found under the newest epoch. */
  readonly already: number
}
