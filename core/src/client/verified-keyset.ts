/** A key set that passed every check of S4. Only `load-keyset.ts` makes one, so holding one is the proof. */

import { HalfkeyError, recordCheckFailed } from "../formats/errors.ts"
import type { KeysetId, WorkspaceId } from "../formats/ids.ts"
import { currentEpoch, type Manifest, type MemberMode } from "../formats/manifest.ts"
import type { Roster, WorkspaceRootKeys } from "../formats/roster.ts"
import { type HmacKey, hmacKey } from "../primitives/hash.ts"
import type { KeyBytes } from "../primitives/key-bytes.ts"
import type { VerifiedDocuments } from "./verified-documents.ts"

export interface VerifiedKeysetParts {
  readonly documents: VerifiedDocuments
  readonly mode: MemberMode
  /** Client half by live epoch; each matched its commitment. */
  readonly clientHalves: ReadonlyMap<number, KeyBytes>
  /** Epochs whose half had to be opened with X-Wing: their self-wraps are worth uploading. */
  readonly epochsWithoutSelfWrap: readonly number[]
}

export class VerifiedKeyset implements VerifiedDocuments {
  readonly root: WorkspaceRootKeys
  readonly roster: Roster
  readonly manifest: Manifest
  readonly mode: MemberMode
  readonly epochsWithoutSelfWrap: readonly number[]
  readonly rosterHash: Uint8Array
  readonly manifestHash: Uint8Array
  readonly #clientHalves: ReadonlyMap<number, KeyBytes>
  readonly #extractKeys = new Map<number, HmacKey>()

  constructor(parts: VerifiedKeysetParts) {
    this.root = parts.documents.root
    this.roster = parts.documents.roster
    this.manifest = parts.documents.manifest
    this.rosterHash = parts.documents.rosterHash
    this.manifestHash = parts.documents.manifestHash
    this.mode = parts.mode
    this.epochsWithoutSelfWrap = parts.epochsWithoutSelfWrap
    this.#clientHalves = parts.clientHalves
  }

  get workspaceId(): WorkspaceId {
    return this.manifest.workspaceId
  }

  get keysetId(): KeysetId {
    return this.manifest.keysetId
  }

  get name(): string {
    return this.manifest.name
  }

  /** The epoch to encrypt under: the last live one, never another (S4). */
  get sealingEpoch(): number {
    const epoch = currentEpoch(this.manifest)
    if (epoch === undefined) throw new HalfkeyError("encryption_failed", "the key set has no live epoch")
    return epoch
  }

  /** The half of a live epoch, prepared for HKDF. Throws `record_verification_failed`, check "epoch", for any other. */
  extractKey(epoch: number): HmacKey {
    const known = this.#extractKeys.get(epoch)
    if (known !== undefined) return known
    const prepared = hmacKey(this.clientHalf(epoch))
    this.#extractKeys.set(epoch, prepared)
    return prepared
  }

  /** The 32 bytes of the half of a live epoch, not a copy; for sealing grants. Throws like `extractKey`. */
  clientHalf(epoch: number): Uint8Array {
    const half = this.#clientHalves.get(epoch)
    if (half === undefined) throw recordCheckFailed("epoch", `epoch ${epoch} is not listed in the signed manifest`)
    return half.expose()
  }

  /** Overwrites the halves. The object is useless afterwards. */
  destroy(): void {
    for (const half of this.#clientHalves.values()) half.destroy()
    this.#extractKeys.clear()
  }
}
