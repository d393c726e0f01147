/**
 * Signing who is a member (S4). Halves are sealed to exactly the members of the highest verified manifest, plus whom
 * the caller adds, less whom it removes: "the server may subtract, never add". Everything here works on a
 * `VerifiedKeyset`, so nothing unverified can be extended.
 */

import { type Grant, type RecoveryGrant, recoveryHash } from "../formats/grant.ts"
import { newKeysetId, uuidBytes, type WorkspaceId } from "../formats/ids.ts"
import { clientHalfCommitment, type Manifest, type ManifestFields, manifestFormat } from "../formats/manifest.ts"
import { type Granter, type Roster, rosterFormat, type WorkspaceRootKeys } from "../formats/roster.ts"
import type { RandomSource } from "../primitives/random.ts"
import { newClientHalf, sealGrant, sealRecoveryGrant } from "./client-half.ts"
import { byClientId, type NewMember, provenMember, type Signer, signNext } from "./next-manifest.ts"
import type { VerifiedDocuments } from "./verified-documents.ts"
import type { VerifiedKeyset } from "./verified-keyset.ts"

export type { NewMember, Signer } from "./next-manifest.ts"

/** A manifest with the grants that it needs; one request carries both (S5). */
export interface MembershipChange {
  readonly manifest: Manifest
  readonly grants: readonly Grant[]
}

/** A new key set, complete: manifest revision 1, a grant per member, the recovery grant. */
export interface NewKeyset extends MembershipChange {
  readonly recoveryGrants: readonly RecoveryGrant[]
  /** G of epoch 1, 32 bytes; the caller may make its own self-wrap from it, then wipes it. */
  readonly clientHalf: Uint8Array
}

/** The first roster of a workspace, signed by the root. */
export function firstRoster(
  workspaceId: WorkspaceId,
  granters: readonly Granter[],
  auditKey: Uint8Array,
  signer: Signer,
): Roster {
  const fields = {
    workspaceId,
    seq: 1,
    previousHash: undefined,
    granters: [...granters].sort(byClientId),
    auditKey,
    createdAt: signer.now,
    signerId: signer.signerId,
  }
  return rosterFormat.sign(fields, signer.signingKey)
}

/**
 * Makes a key set with a fresh half, sealed to each member and to the root.
 * Throws `invalid_argument` when a member's keys are not the client's.
 */
export async function newKeyset(
  input: {
    readonly root: WorkspaceRootKeys
    readonly roster: Roster
    readonly kind: Manifest["kind"]
    readonly name: string
    readonly members: readonly NewMember[]
  },
  signer: Signer,
  random: RandomSource,
): Promise<NewKeyset> {
  const { root, roster, kind, name } = input
  const workspaceId = roster.workspaceId
  const keysetId = newKeysetId(random)
  const epoch = 1
  const place = { workspaceId, keysetId, epoch }
  const clientHalf = newClientHalf(random)
  const recoveryGrant = await sealRecoveryGrant(place, root.kemPk, clientHalf)
  const members = input.members.map((member) => provenMember(workspaceId, member)).sort(byClientId)
  const fields: ManifestFields = {
    workspaceId,
    keysetId,
    kind,
    name,
    revision: 1,
    previousHash: undefined,
    incarnation: 1,
    versionFloor: 0,
    epochs: [
      {
        epoch,
        clientHalfCommitment: clientHalfCommitment(workspaceId, uuidBytes(keysetId), epoch, clientHalf),
        recoveryHash: recoveryHash(recoveryGrant),
      },
    ],
    members,
    state: "enabled",
    rosterSeq: roster.seq,
    rosterHash: rosterFormat.hash(roster),
    createdAt: signer.now,
    signerId: signer.signerId,
  }
  const grants = await Promise.all(members.map((member) => sealGrant(place, member, clientHalf)))
  return {
    manifest: manifestFormat.sign(fields, signer.signingKey),
    grants,
    recoveryGrants: [recoveryGrant],
    clientHalf,
  }
}

/**
 * Adds a member, or changes its mode, and seals every live epoch's half to it.
 * Throws `not_a_granter`, or `invalid_argument` when the keys are not the client's.
 */
export async function addMember(keyset: VerifiedKeyset, member: NewMember, signer: Signer): Promise<MembershipChange> {
  const proven = provenMember(keyset.workspaceId, member)
  const others = keyset.manifest.members.filter((other) => other.clientId !== proven.clientId)
  const members = [...others, proven].sort(byClientId)
  const manifest = signNext(keyset, { members }, signer)
  const grants = await Promise.all(
    manifest.epochs.map(({ epoch }) =>
      sealGrant(
        { workspaceId: keyset.workspaceId, keysetId: keyset.keysetId, epoch },
        proven,
        keyset.clientHalf(epoch),
      ),
    ),
  )
  return { manifest, grants }
}

/** Removes a member: seeds stop at once when the server has the manifest (S5). Seals nothing. */
export function removeMember(documents: VerifiedDocuments, clientId: string, signer: Signer): MembershipChange {
  const members = documents.manifest.members.filter((member) => member.clientId !== clientId)
  return { manifest: signNext(documents, { members }, signer), grants: [] }
}
