/** The roster (S4): one signed chain per workspace that says who may sign. */
import { ed25519PublicKeyLength, isStrictPublicKey } from "../primitives/ed25519.ts"
import { equalBytes } from "../primitives/hash.ts"
import { xWingPublicKeyLength } from "../primitives/hpke-x-wing.ts"
import { clientKeysProblem } from "./client-keys.ts"
import {
  bytesField,
  clientIdField,
  type FieldsOf,
  integerField,
  labelField,
  listField,
  optionalField,
  signerField,
  timeField,
  workspaceIdField,
} from "./field-codecs.ts"
import type { SignerId, WorkspaceId } from "./ids.ts"
import { documentFormat, type Signed } from "./signed-document.ts"

const granterFields = {
  clientId: clientIdField,
  signPk: bytesField(ed25519PublicKeyLength),
  kemPk: bytesField(xWingPublicKeyLength),
  label: labelField,
}

const rosterFields = {
  workspaceId: workspaceIdField,
  seq: integerField(1),
  previousHash: optionalField(bytesField(32)),
  granters: listField("roster/granter", granterFields, (granter) => granter.clientId),
  auditKey: bytesField(ed25519PublicKeyLength),
  createdAt: timeField,
  signerId: signerField,
}

export type Granter = FieldsOf<typeof granterFields>
export type RosterFields = FieldsOf<typeof rosterFields>
export type Roster = Signed<RosterFields>

export const rosterFormat = documentFormat("roster", rosterFields)

/** The root's public keys, which the workspace id commits to (S3): `signPk` 32 bytes, `kemPk` 1,216. */
export interface WorkspaceRootKeys {
  readonly signPk: Uint8Array
  readonly kemPk: Uint8Array
}

/** The public key of a signer who counts under this roster: the root or a listed granter; else `undefined` (S4). */
export function signerKey(signerId: SignerId, root: WorkspaceRootKeys, roster: RosterFields): Uint8Array | undefined {
  if (signerId === roster.workspaceId) return root.signPk
  return roster.granters.find((granter) => granter.clientId === signerId)?.signPk
}

/**
 * Why `next` may not follow `previous` (`undefined`: `next` starts the chain), or `undefined` when it may (S4).
 * `seq` 1 is signed by the root; `n+1` by the root or by a granter listed in `n`.
 */
export function rosterLinkProblem(
  workspaceId: WorkspaceId,
  root: WorkspaceRootKeys,
  previous: Roster | undefined,
  next: Roster,
): string | undefined {
  if (next.workspaceId !== workspaceId) return "it belongs to another workspace"
  if (next.seq !== (previous?.seq ?? 0) + 1) return `its seq is ${next.seq}, expected ${(previous?.seq ?? 0) + 1}`
  if (!linksTo(next.previousHash, previous && rosterFormat.hash(previous))) return "its previousHash does not fit"
  if (!isStrictPublicKey(next.auditKey)) return "its audit key is not a usable Ed25519 key"
  for (const granter of next.granters) {
    const problem = clientKeysProblem(workspaceId, granter)
    if (problem !== undefined) return problem
  }
  const signer = previous ? signerKey(next.signerId, root, previous) : rootKeyOnly(next.signerId, workspaceId, root)
  if (signer === undefined) return "its signer may not sign it"
  if (!rosterFormat.isSignedBy(next, signer)) return "its signature is wrong"
  return undefined
}

/** Whether a `previousHash` names the hash given, or is absent where there is none. */
export function linksTo(previousHash: Uint8Array | undefined, hash: Uint8Array | undefined): boolean {
  if (previousHash === undefined || hash === undefined) return previousHash === hash
  return equalBytes(previousHash, hash)
}

function rootKeyOnly(signerId: SignerId, workspaceId: WorkspaceId, root: WorkspaceRootKeys): Uint8Array | undefined {
  return signerId === workspaceId ? root.signPk : undefined
}
