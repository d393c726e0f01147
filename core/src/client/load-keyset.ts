/**
 * "Loading a key set" (S4): every check, in the order of the specification, before anything is used.
 * A failure is one error, `keyset_verification_failed`, that names the check.
 */

import { HalfkeyError, keysetCheckFailed } from "../formats/errors.ts"
import { type Grant, type RecoveryGrant, recoveryHash } from "../formats/grant.ts"
import { type KeysetId, uuidBytes, type WorkspaceId, workspaceIdOf } from "../formats/ids.ts"
import {
  clientHalfCommitment,
  type Manifest,
  type ManifestEpoch,
  manifestFormat,
  manifestLinkProblem,
} from "../formats/manifest.ts"
import { type Roster, rosterFormat, rosterLinkProblem, signerKey, type WorkspaceRootKeys } from "../formats/roster.ts"
import { wipe } from "../primitives/bytes.ts"
import { equalBytes } from "../primitives/hash.ts"
import { KeyBytes } from "../primitives/key-bytes.ts"
import { openGrant, openSelfWrap } from "./client-half.ts"
import type { ClientIdentity } from "./client-identity.ts"
import { VerifiedKeyset } from "./verified-keyset.ts"

/** What the server says about a key set. Nothing in it is trusted. */
export interface KeysetBundle {
  readonly root: WorkspaceRootKeys
  /** The whole chain from `seq` 1, ascending. */
  readonly rosters: readonly Roster[]
  /** A contiguous, ascending part of the chain that ends with the newest; it starts at the floor's revision if there is one. */
  readonly manifests: readonly Manifest[]
  /** The reader's own grants. */
  readonly grants: readonly Grant[]
  /** Present when the reader asked for them: needed by whoever is about to seal halves. */
  readonly recoveryGrants?: readonly RecoveryGrant[] | undefined
}

/** What this machine has already seen (S10), and what a committed `halfkey.json` pins. Times go forward only. */
export interface KeysetFloors {
  readonly roster?: { readonly seq: number; readonly hash: Uint8Array } | undefined
  readonly keyset?: { readonly incarnation: number; readonly revision: number; readonly hash: Uint8Array } | undefined
  readonly minimumRevision?: number | undefined
}

export interface LoadKeysetInput {
  readonly identity: ClientIdentity
  readonly bundle: KeysetBundle
  /** What was asked for: the name must match, and the id if it is known already. */
  readonly expected: { readonly name?: string | undefined; readonly keysetId?: KeysetId | undefined }
  readonly floors?: KeysetFloors
  /** Also check that every live epoch can be recovered. */
  readonly requireRecovery?: boolean
}

/** Runs every check and opens the reader's halves. Throws `keyset_verification_failed` or `keyset_not_found`. */
export async function loadKeyset(input: LoadKeysetInput): Promise<VerifiedKeyset> {
  const { identity, bundle, expected, floors = {} } = input
  checkRoot(identity.workspaceId, bundle.root)
  const roster = checkRosters(identity.workspaceId, bundle.root, bundle.rosters)
  const manifest = checkManifests(identity.workspaceId, bundle, roster)
  checkAskedFor(manifest, expected)
  checkFreshness(bundle, roster, manifest, floors)
  if (input.requireRecovery) checkRecoveryGrants(manifest, bundle.recoveryGrants ?? [])
  checkUsable(manifest)
  const member = manifest.members.find(({ clientId }) => clientId === identity.clientId)
  if (member === undefined) {
    throw new HalfkeyError("keyset_not_found", `this client is not a member of ${manifest.name}`, {
      hint: `ask an admin to run: halfkey clients grant ${identity.clientId} -e ${manifest.name}`,
    })
  }
  const { clientHalves, epochsWithoutSelfWrap } = await openHalves(identity, manifest, bundle.grants)
  return new VerifiedKeyset({
    root: bundle.root,
    roster,
    manifest,
    mode: member.mode,
    clientHalves,
    epochsWithoutSelfWrap,
  })
}

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
function checkManifests(workspaceId: WorkspaceId, bundle: KeysetBundle, roster: Roster): Manifest {
  const { manifests, root, rosters } = bundle
  let newest: Manifest | undefined
  for (const manifest of manifests) {
    // The first one served need not be revision 1: the newest signature vouches for what it links to.
    const problem =
      newest === undefined && manifest.revision > 1
        ? firstServedProblem(workspaceId, manifest)
        : manifestLinkProblem(workspaceId, newest?.keysetId ?? manifest.keysetId, newest, manifest)
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

function firstServedProblem(workspaceId: WorkspaceId, manifest: Manifest): string | undefined {
  return manifest.workspaceId === workspaceId ? undefined : "it belongs to another workspace"
}

/** Checks that this is the key set that was asked for. */
function checkAskedFor(manifest: Manifest, expected: LoadKeysetInput["expected"]): void {
  if (expected.name !== undefined && manifest.name !== expected.name) {
    throw keysetCheckFailed("name", `asked for ${expected.name}, the manifest's name is ${manifest.name}`)
  }
  if (expected.keysetId !== undefined && manifest.keysetId !== expected.keysetId) {
    throw keysetCheckFailed("key set", "the manifest belongs to another key set than the one asked for")
  }
}

/** Checks the floors of S10: nothing may go back, and nothing may differ from what was seen. */
function checkFreshness(bundle: KeysetBundle, roster: Roster, manifest: Manifest, floors: KeysetFloors): void {
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
  if (floor === undefined || manifest.incarnation > floor.incarnation) return
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

/** Checks that the root's owner could open every live epoch (S4): a recovery grant cannot vanish unnoticed. */
function checkRecoveryGrants(manifest: Manifest, grants: readonly RecoveryGrant[]): void {
  for (const { epoch, recoveryHash: published } of manifest.epochs) {
    const grant = grants.find((candidate) => candidate.epoch === epoch && candidate.keysetId === manifest.keysetId)
    if (grant === undefined) throw keysetCheckFailed("recovery", `the recovery grant of epoch ${epoch} is missing`)
    if (!equalBytes(recoveryHash(grant), published)) {
      throw keysetCheckFailed("recovery", `the recovery grant of epoch ${epoch} is not the published one`)
    }
  }
}

function checkUsable(manifest: Manifest): void {
  if (manifest.state === "enabled") return
  throw new HalfkeyError("keyset_disabled", `${manifest.name} is ${manifest.state}`, {
    hint: manifest.state === "disabled" ? `an admin can run: halfkey environments enable ${manifest.name}` : undefined,
  })
}

async function openHalves(identity: ClientIdentity, manifest: Manifest, grants: readonly Grant[]) {
  const clientHalves = new Map<number, KeyBytes>()
  const epochsWithoutSelfWrap: number[] = []
  for (const published of manifest.epochs) {
    const grant = grants.find(
      ({ epoch, keysetId, clientId }) =>
        epoch === published.epoch && keysetId === manifest.keysetId && clientId === identity.clientId,
    )
    if (grant === undefined) throw keysetCheckFailed("grant", `the server sent no grant for epoch ${published.epoch}`)
    const { half, fromSelfWrap } = await openHalf(identity, manifest, grant, published)
    clientHalves.set(published.epoch, new KeyBytes(half))
    if (!fromSelfWrap) epochsWithoutSelfWrap.push(published.epoch)
  }
  return { clientHalves, epochsWithoutSelfWrap }
}

async function openHalf(identity: ClientIdentity, manifest: Manifest, grant: Grant, published: ManifestEpoch) {
  const place = { workspaceId: manifest.workspaceId, keysetId: manifest.keysetId, epoch: published.epoch }
  const quick = grant.selfWrap && openSelfWrap(place, grant.selfWrap, identity)
  if (quick && matchesCommitment(manifest, published, quick)) return { half: quick, fromSelfWrap: true }
  wipe(quick)
  const half = await openGrant(place, grant, identity)
  if (half === undefined)
    throw keysetCheckFailed("grant", `the grant of epoch ${published.epoch} does not open with this client key`)
  if (!matchesCommitment(manifest, published, half)) {
    throw keysetCheckFailed(
      "commitment",
      `the client half of epoch ${published.epoch} is not the one that the manifest commits to`,
    )
  }
  return { half, fromSelfWrap: false }
}

function matchesCommitment(manifest: Manifest, published: ManifestEpoch, half: Uint8Array): boolean {
  const commitment = clientHalfCommitment(manifest.workspaceId, uuidBytes(manifest.keysetId), published.epoch, half)
  return equalBytes(commitment, published.clientHalfCommitment)
}
