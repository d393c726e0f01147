/** What rotations take and give. */
import type { SealingOptions } from "./types.ts"

/** How far a rotation is. */
export interface RotationProgress {
  readonly environment: string
  /** Versions that are under the new keys, of all that had to be sealed again. */
  readonly done: number
  readonly total: number
}

/** What one is told of a rotation. */
export interface RotationOptions extends SealingOptions {
  /** Called after each request, and once before the first. */
  readonly onProgress?: ((progress: RotationProgress) => void) | undefined
}

/** Of `environments.rotate`. */
export interface RotateOptions extends RotationOptions {
  /** Begin another epoch even where an earlier rotation is unfinished; its rest is done too. Default: only finish it. */
  readonly startNew?: boolean | undefined
}

/** An environment with new keys. */
export interface RotatedEnvironment {
  readonly environment: string
  /** The only epoch that is left. */
  readonly epoch: number
  /** Versions that this call sealed again; others may have done the rest. */
  readonly resealed: number
}

/** Of `clients.revoke` and `devices.revoke`. */
export interface RevokeClientOptions extends RotationOptions {
  /** Remove the client and begin a new epoch in one signature, then seal again all that is there. Default: only remove. */
  readonly rotate?: boolean | undefined
}
