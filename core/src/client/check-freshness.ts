/** Freshness (S10): nothing goes back behind what this machine has seen or what a committed file pins. */

import { HalfkeyError, keysetCheckFailed } from "../formats/errors.ts"
import { type Manifest, manifestFormat } from "../formats/manifest.ts"
import { type Roster, rosterFormat } from "../formats/roster.ts"
import { equalBytes } from "../primitives/hash.ts"
import type { KeysetBundle } from "./load-keyset.ts"

/** What this machine has already seen (S10), and what a committed `halfkey.json` pins. Times go forward only. */
export interface KeysetFloors {
  readonly roster?: { readonly seq: number; readonly hash: Uint8Array } | undefined
  readonly keyset?:
    | {
        readonly incarnation: number
        readonly revision: number
        readonly hash: Uint8Array
        /** The highest version of any secret that was seen in this key set. */
        readonly version?: number | undefined
      }
    | undefined
  readonly minimumRevision?: number | undefined
}

/** Checks the floors of S10: nothing may go back, and nothing may differ from what was seen. */
export function checkFreshness(bundle: KeysetBundle, roster: Roster, manifest: Manifest, floors: KeysetFloors): void {
  if (floors.roster) {
    const seen = bundle.rosters[floors.roster.seq - 1]
    if (roster.seq < floors.roster.seq || seen === undefined) {
      throw keysetCheckFailed("freshness", `roster ${roster.seq} is older than roster ${floors.roster.seq} seen before`)
    }
    if (!equalBytes(rosterFormat.hash(seen), floors.roster.hash)) {
      throw keysetCheckFailed("freshness", `roster ${seen.seq} is not the one seen before`)
    }
  }
  if (floors.minimumRevision !== undefined && manifest.revision < floors.minimumRevision) {
    throw keysetCheckFailed(
      "freshness",
      `revision ${manifest.revision} is below ${floors.minimumRevision}, pinned in halfkey.json`,
    )
  }
  const floor = floors.keyset
  if (floor === undefined) return
  if (manifest.incarnation > floor.incarnation) {
    // Else a record from before the restore would fit a version that is given again after it.
    if (floor.version === undefined || manifest.versionFloor >= floor.version) return
    throw new HalfkeyError(
      "keyset_verification_failed",
      `check "freshness" failed: a restore was accepted that gives versions above ${manifest.versionFloor} again, version ${floor.version} was seen before`,
      {
        check: "freshness",
        hint: `ask a granter to run: halfkey restore accept -e ${manifest.name} --anyway --version-floor ${floor.version}`,
      },
    )
  }
  if (manifest.incarnation < floor.incarnation || manifest.revision < floor.revision) {
    throw keysetCheckFailed(
      "freshness",
      `revision ${manifest.revision} is older than revision ${floor.revision} seen before`,
    )
  }
  const seen = bundle.manifests.find(({ revision }) => revision === floor.revision)
  if (seen === undefined)
    throw keysetCheckFailed("freshness", `the server left out revision ${floor.revision} seen before`)
  if (!equalBytes(manifestFormat.hash(seen), floor.hash)) {
    throw keysetCheckFailed("freshness", `revision ${floor.revision} is not the one seen before`)
  }
}
