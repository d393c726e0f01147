/** Environments, as they are listed, and what changes of their state give. */
import type { MemberMode } from "./types.ts"

/** Of secrets in the vault, or of a tenant: for fields in a program's own database. */
export type KeysetKind = "environment" | "tenant"

/** What a new key set is for. */
export interface NewKeysetOptions {
  /** `environment` unless it is said. */
  readonly kind?: KeysetKind | undefined
}

/** An environment, as it is listed. */
export interface KeysetSummary {
  readonly keysetId: string
  readonly name: string
  readonly kind: KeysetKind
  readonly state: "enabled" | "disabled" | "destroyed"
  readonly revision: number
  readonly memberCount: number
  /** The caller's own mode; `null`: not a member. */
  readonly mode: MemberMode | null
  readonly createdAt: string
  readonly updatedAt: string
  /** Where it is destroyed: until when that can be undone. Else `null`. */
  readonly undoUntil: string | null
  /** When its keys were deleted: it is destroyed for good. */
  readonly purgedAt: string | null
}

/** The state of an environment after a change of it. */
export interface ChangedState {
  readonly environment: string
  readonly state: "enabled" | "disabled" | "destroyed"
  /** `false`: it was so already. */
  readonly changed: boolean
  /** Of the newest manifest. */
  readonly revision: number
  /** Where it is destroyed: until when that can be undone, by the server's word. Else `null`. */
  readonly undoUntil: string | null
}
