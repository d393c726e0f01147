/**
 * "Loading a key set" (S4): every check, in the order of the specification, before anything is used.
 * A failure is one error, `keyset_verification_failed`, that names the check.
 */

import { HalfkeyError, keysetCheckFailed } from "../formats/errors.ts"
import type { Grant, RecoveryGrant } from "../formats/grant.ts"
import { clientIdOf, type KeysetId, type WorkspaceId } from "../formats/ids.ts"
import { type Manifest, type Member, manifestFormat } from "../formats/manifest.ts"
import { type Roster, rosterFormat, type WorkspaceRootKeys } from "../formats/roster.ts"
import { checkManifests, checkRoot, checkRosters } from "./check-chains.ts"
import { checkFreshness, type KeysetFloors } from "./check-freshness.ts"
import type { ClientIdentity } from "./client-identity.ts"
import { checkRecoveryGrants, openHalves } from "./open-halves.ts"
import type { VerifiedDocuments } from "./verified-documents.ts"
import { VerifiedKeyset } from "./verified-keyset.ts"

export { checkRoot, checkRosters } from "./check-chains.ts"
export type { KeysetFloors } from "./check-freshness.ts"

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

/** What was asked for: the name, the id, or both; without one of them the server could answer with any key set. */
export type ExpectedKeyset =
  | { readonly name: string; readonly keysetId?: KeysetId | undefined }
  | { readonly name?: string | undefined; readonly keysetId: KeysetId }

export interface LoadKeysetInput {
  readonly identity: ClientIdentity
  readonly bundle: KeysetBundle
  readonly expected: ExpectedKeyset
  readonly floors?: KeysetFloors
  /** Also check that every live epoch can be recovered. */
  readonly requireRecovery?: boolean
}

/** What is checked without any key of the reader: everything up to the reader's own membership. */
export type VerifyDocumentsInput = Omit<LoadKeysetInput, "identity"> & { readonly workspaceId: WorkspaceId }

/**
 * Checks 1 to 9 of S4, in order: enough to sign the next manifest, whatever the state, and for somebody who is no member.
 * Throws `keyset_verification_failed`.
 */
export function verifyDocuments(input: VerifyDocumentsInput): VerifiedDocuments {
  const { workspaceId, bundle, expected, floors = {} } = input
  checkRoot(workspaceId, bundle.root)
  const roster = checkRosters(workspaceId, bundle.root, bundle.rosters)
  const manifest = checkManifests(workspaceId, bundle, roster)
  checkAskedFor(manifest, expected)
  checkFreshness(bundle, roster, manifest, floors)
  // Into a destroyed one nobody seals, and when its keys are deleted its recovery grants are, too (S5).
  const isSealable = manifest.state !== "destroyed"
  if (input.requireRecovery && isSealable) checkRecoveryGrants(manifest, bundle.recoveryGrants ?? [])
  return {
    root: bundle.root,
    roster,
    manifest,
    rosterHash: rosterFormat.hash(roster),
    manifestHash: manifestFormat.hash(manifest),
  }
}

/** Runs every check and opens the reader's halves. Throws `keyset_verification_failed` or `keyset_not_found`. */
export async function loadKeyset(input: LoadKeysetInput): Promise<VerifiedKeyset> {
  const { identity, bundle } = input
  const documents = verifyDocuments({ ...input, workspaceId: identity.workspaceId })
  const { manifest } = documents
  checkUsable(manifest)
  const member = manifest.members.find(({ clientId }) => clientId === identity.clientId)
  if (member === undefined) {
    throw new HalfkeyError("keyset_not_found", `this client is not a member of ${manifest.name}`, {
      hint: `ask an admin to run: halfkey clients grant ${identity.clientId} -e ${manifest.name}`,
    })
  }
  checkOwnKeys(identity, member)
  const { clientHalves, epochsWithoutSelfWrap } = await openHalves(identity, manifest, bundle.grants)
  return new VerifiedKeyset({ documents, mode: member.mode, clientHalves, epochsWithoutSelfWrap })
}

/** Checks that this is the key set that was asked for. */
function checkAskedFor(manifest: Manifest, expected: ExpectedKeyset): void {
  if (expected.name === undefined && expected.keysetId === undefined) throw new TypeError("no key set was asked for")
  if (expected.name !== undefined && manifest.name !== expected.name) {
    throw keysetCheckFailed("name", `asked for ${expected.name}, the manifest's name is ${manifest.name}`)
  }
  if (expected.keysetId !== undefined && manifest.keysetId !== expected.keysetId) {
    throw keysetCheckFailed("key set", "the manifest belongs to another key set than the one asked for")
  }
}

function checkUsable(manifest: Manifest): void {
  if (manifest.state === "enabled") return
  const wayBack = manifest.state === "disabled" ? "enable" : "undo-destroy"
  throw new HalfkeyError("keyset_disabled", `${manifest.name} is ${manifest.state}`, {
    hint: `as a granter${manifest.state === "disabled" ? "" : ", while there is time"}: halfkey environments ${wayBack} ${manifest.name}`,
  })
}

/**
 * Checks that the configured client id is the one of the configured client key, and that the manifest lists that key:
 * the own signing key and the listed X-Wing key must hash to the id. Needs no lattice arithmetic.
 */
function checkOwnKeys(identity: ClientIdentity, member: Member): void {
  if (clientIdOf(identity.workspaceId, identity.signingKey.publicKey, member.kemPk) === identity.clientId) return
  throw keysetCheckFailed(
    "client",
    `the client key is not that of client ${identity.clientId}, or the manifest lists another key for it`,
  )
}
