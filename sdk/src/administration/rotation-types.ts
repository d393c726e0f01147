/** What rotations take and give. */
import type { SealingOptions } from "./types.ts"

export interface RotationProgress {
  readonly environment: string
  /** Versions that are under the new keys, of all that had to be sealed again. */
  readonly done: number
  readonly total: number
}

export interface RotationOptions extends SealingOptions {
  /** Called after each request, and once before the first. */
  readonly onProgress?: ((progress: RotationProgress) => void) | undefined
}

export interface RotateOptions extends RotationOptions {
  /** Begin another epoch even where an earlier rotation is unfinished; its rest is done too. Default: only finish it. */
  readonly startNew?: boolean | undefined
}

export interface RotatedEnvironment {
  readonly environment: string
  /** The only epoch that is left. */
  readonly epoch: number
  /** Versions that this call sealed again; others may have done the rest. */
  readonly resealed: number
}

export interface RevokeClientOptions extends RotationOptions {
  /** Remove the client and begin a new epoch in one signature, then seal again all that is there. Default: only remove. */
  readonly rotate?: boolean | undefined
}
