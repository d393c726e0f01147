/** Roster and manifest that passed every check of S4 but the opening of halves: enough to sign, not to open or seal. */

import type { Manifest } from "../formats/manifest.ts"
import type { Roster, WorkspaceRootKeys } from "../formats/roster.ts"

/** Only `load-keyset.ts` makes one. A `VerifiedKeyset` is one, with the halves. */
export interface VerifiedDocuments {
  readonly root: WorkspaceRootKeys
  readonly roster: Roster
  readonly manifest: Manifest
  /** 32 bytes each. */
  readonly rosterHash: Uint8Array
  readonly manifestHash: Uint8Array
}
