/** Signing the successor of a manifest that passed every check (S4): what every change of a key set has in common. */

import { clientKeysProblem } from "../formats/client-keys.ts"
import { HalfkeyError } from "../formats/errors.ts"
import type { SignerId, WorkspaceId } from "../formats/ids.ts"
import { type Manifest, type ManifestFields, type Member, manifestFormat } from "../formats/manifest.ts"
import type { Roster } from "../formats/roster.ts"
import type { SigningKey } from "../primitives/ed25519.ts"
import type { VerifiedDocuments } from "./verified-documents.ts"

/** Who signs, and when: milliseconds since 1970. */
export interface Signer {
  readonly signerId: SignerId
  readonly signingKey: SigningKey
  readonly now: number
}

/** A member to be, with the `signPk` (32 bytes) that proves whose keys these are: together they hash to the client id. */
export type NewMember = Member & { readonly signPk: Uint8Array }

/** What a successor may change; the rest is carried over, and the link is made here. */
export type ManifestChanges = Partial<
  Pick<ManifestFields, "epochs" | "members" | "state" | "incarnation" | "versionFloor">
>

/** Signs the successor of a verified manifest with some fields changed. Throws `not_a_granter`. */
export function signNext(documents: VerifiedDocuments, changes: ManifestChanges, signer: Signer): Manifest {
  const { signature: _, ...previous } = documents.manifest
  requireGranter(documents.roster, signer.signerId)
  const fields = {
    ...previous,
    ...changes,
    revision: previous.revision + 1,
    previousHash: documents.manifestHash,
    rosterSeq: documents.roster.seq,
    rosterHash: documents.rosterHash,
    createdAt: signer.now,
    signerId: signer.signerId,
  }
  return manifestFormat.sign(fields, signer.signingKey)
}

/** Throws `not_a_granter` unless this signer is the root or is listed in the roster. */
export function requireGranter(roster: Roster, signerId: SignerId): void {
  if (signerId === roster.workspaceId || roster.granters.some(({ clientId }) => clientId === signerId)) return
  const names = roster.granters.map(({ label }) => label).join(", ")
  throw new HalfkeyError("not_a_granter", "this client may not sign who is a member", {
    hint: `ask one of the granters: ${names}`,
  })
}

/** The sealing rule's second half (S4): no half is sealed to keys that the client id does not commit to. */
export function provenMember(workspaceId: WorkspaceId, { signPk, ...member }: NewMember): Member {
  const problem = clientKeysProblem(workspaceId, { ...member, signPk })
  if (problem === undefined) return member
  throw new HalfkeyError("invalid_argument", problem)
}

/** Documents list clients in ascending order of id (S2). */
export function byClientId(left: { readonly clientId: string }, right: { readonly clientId: string }): number {
  return left.clientId < right.clientId ? -1 : 1
}
