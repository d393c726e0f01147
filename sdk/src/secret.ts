/** What the SDK says about secrets. Times are RFC 3339, UTC, with milliseconds. */

export interface SecretMetadata {
  /** The same for all versions of a name. */
  readonly id: string
  readonly name: string
  /** The environment's name. */
  readonly environment: string
  /** Only grows, across deletion too. */
  readonly version: number
  /** When the first version was written, as the server saw it. */
  readonly createdAt: string
  /** When this version was written, as the server saw it. */
  readonly updatedAt: string
}

/** A secret with its bytes. */
export type Secret = SecretMetadata & { readonly value: Uint8Array }

/** One version of a secret, as the server tells it: no value, and nothing here is proven. */
export interface SecretVersion {
  readonly version: number
  readonly deleted: boolean
  readonly createdAt: string
  /** Who wrote it. */
  readonly clientId: string
  readonly epoch: number
  /** Bytes of the padded, encrypted record. */
  readonly size: number
}

/** One version of a secret, opened: nothing but `writtenAt` is the server's word. */
export interface SecretState {
  readonly version: number
  /** As the server saw it. */
  readonly writtenAt: string
  /** `undefined`: this version is a deletion. */
  readonly value: Uint8Array | undefined
}

/** A secret that was written since a time: as it is now, and as it was then. */
export interface SecretChange {
  readonly name: string
  /** The environment's name. */
  readonly environment: string
  readonly now: SecretState
  /** `undefined`: it was not there yet. */
  readonly before: SecretState | undefined
}

/** Of `rollback`. */
export interface RollbackOptions {
  /** The version whose value is written again. Without it: the value before the newest one, or the one that was deleted. */
  readonly to?: number | undefined
}

/** Of `changesSince`. */
export interface ChangesOptions {
  /** Only these. */
  readonly names?: readonly string[] | undefined
}

/** Of `set` and `delete`. */
export interface SetOptions {
  /** Write only if this is the current version; 0: only if there is no such secret (never written, or deleted). Else `version_conflict`. */
  readonly ifVersion?: number | undefined
}

/** Of `setMany`. */
export interface SetManyOptions {
  /** Like `ifVersion`, by name; names that are not listed are written whatever their version is. */
  readonly ifVersions?: Readonly<Record<string, number>> | undefined
  /** Names that are deleted in the same write; none of them may be written too. Fails where there is no such secret. */
  readonly delete?: readonly string[] | undefined
}
