/** The first checks of "Loading a key set" (S4): root, roster chain, manifest chain and the signatures that count. */

import { keysetCheckFailed } from "../formats/errors.ts"
import { type WorkspaceId, workspaceIdOf } from "../formats/ids.ts"
import { type Manifest, manifestFormat, manifestLinkProblem, manifestProblem } from "../formats/manifest.ts"
import { type Roster, rosterFormat, rosterLinkProblem, signerKey, type WorkspaceRootKeys } from "../formats/roster.ts"
import { equalBytes } from "../primitives/hash.ts"
import type { KeysetBundle } from "./load-keyset.ts"

/** Checks that the root's public keys hash to the workspace id of the own CRN. */
export function checkRoot(workspaceId: WorkspaceId, root: WorkspaceRootKeys): void {
  if (workspaceIdOf(root.signPk, root.kemPk) !== workspaceId) {
    throw keysetCheckFailed("root", "the root keys do not hash to the workspace id of the CRN")
  }
}

/** Checks every link of the roster chain and returns the newest. */
export function checkRosters(workspaceId: WorkspaceId, root: WorkspaceRootKeys, rosters: readonly Roster[]): Roster {
  let newest: Roster | undefined
  for (const roster of rosters) {
    const problem = rosterLinkProblem(workspaceId, root, newest, roster)
    if (problem !== undefined) throw keysetCheckFailed("roster", `roster ${roster.seq} is refused: ${problem}`)
    newest = roster
  }
  if (newest === undefined) throw keysetCheckFailed("roster", "the server sent no roster")
  return newest
}

/** Checks links, the newest manifest's signer and its roster, and returns the newest. */
export function checkManifests(workspaceId: WorkspaceId, bundle: KeysetBundle, roster: Roster): Manifest {
  const { manifests, root, rosters } = bundle
  let newest: Manifest | undefined
  for (const manifest of manifests) {
    // The first one served need not be revision 1: the newest signature vouches for what it links to.
    const problem =
      newest === undefined
        ? manifestProblem(workspaceId, manifest.keysetId, manifest)
        : manifestLinkProblem(workspaceId, newest.keysetId, newest, manifest)
    if (problem !== undefined)
      throw keysetCheckFailed("manifest", `revision ${manifest.revision} is refused: ${problem}`)
    newest = manifest
  }
  if (newest === undefined) throw keysetCheckFailed("manifest", "the server sent no manifest")
  const signer = signerKey(newest.signerId, root, roster)
  if (signer === undefined) throw keysetCheckFailed("signer", "the manifest's signer is not in the newest roster")
  if (!manifestFormat.isSignedBy(newest, signer))
    throw keysetCheckFailed("signature", "the manifest's signature is wrong")
  const named = rosters[newest.rosterSeq - 1]
  if (named === undefined) throw keysetCheckFailed("roster", "the manifest names a roster that the server hides")
  if (!equalBytes(rosterFormat.hash(named), newest.rosterHash)) {
    throw keysetCheckFailed("roster", "the manifest was signed under another roster of the same seq")
  }
  return newest
}
