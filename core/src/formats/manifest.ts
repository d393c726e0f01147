/** The manifest (S4): one signed chain per key set that says what it is and who is in. */
import { wipe } from "../primitives/bytes.ts"
import { equalBytes, sha256 } from "../primitives/hash.ts"
import { xWingPublicKeyLength } from "../primitives/hpke-x-wing.ts"
import { isKeysetName } from "./environment-name.ts"
import {
  bytesField,
  clientIdField,
  epochField,
  type FieldsOf,
  integerField,
  keysetIdField,
  labelField,
  listField,
  oneOf,
  optionalField,
  signerField,
  textField,
  timeField,
  workspaceIdField,
} from "./field-codecs.ts"
import type { KeysetId, WorkspaceId } from "./ids.ts"
import { pae } from "./pae.ts"
import { linksTo } from "./roster.ts"
import { documentFormat, type Signed } from "./signed-document.ts"

const epochFields = {
  epoch: epochField,
  clientHalfCommitment: bytesField(32),
  recoveryHash: bytesField(32),
}

const memberFields = {
  clientId: clientIdField,
  kemPk: bytesField(xWingPublicKeyLength),
  mode: oneOf("read-write", "read", "write"),
  label: labelField,
}

const manifestFields = {
  workspaceId: workspaceIdField,
  keysetId: keysetIdField,
  kind: oneOf("environment", "tenant"),
  name: textField("a name of 1 to 63 of a-z, 0-9 and . _ -", isKeysetName),
  revision: integerField(1),
  previousHash: optionalField(bytesField(32)),
  incarnation: integerField(1),
  versionFloor: integerField(0),
  epochs: listField("manifest/epoch", epochFields, (epoch) => epoch.epoch),
  members: listField("manifest/member", memberFields, (member) => member.clientId),
  state: oneOf("enabled", "disabled", "destroyed"),
  rosterSeq: integerField(1),
  rosterHash: bytesField(32),
  createdAt: timeField,
  signerId: signerField,
}

export type ManifestEpoch = FieldsOf<typeof epochFields>
export type Member = FieldsOf<typeof memberFields>
/** What a member of an environment may do there. */
export type MemberMode = Member["mode"]
export type ManifestFields = FieldsOf<typeof manifestFields>
export type Manifest = Signed<ManifestFields>

export const manifestFormat = documentFormat("manifest", manifestFields)

/** `clientHalfCommitment = H(pae("half", workspaceId, keysetId, epoch, G))`, 32 bytes; G has 32 bytes (S4). */
export function clientHalfCommitment(
  workspaceId: WorkspaceId,
  keysetId: Uint8Array,
  epoch: number,
  clientHalf: Uint8Array,
): Uint8Array {
  const message = pae("half", workspaceId, keysetId, epoch, clientHalf)
  const commitment = sha256(message)
  wipe(message)
  return commitment
}

/** The epoch to encrypt under: the last live one. `undefined` for a destroyed key set. */
export function currentEpoch(manifest: ManifestFields): number | undefined {
  return manifest.epochs.at(-1)?.epoch
}

/** Why this manifest is refused whatever stands before it in its chain, or `undefined` for a good one (S4). */
export function manifestProblem(workspaceId: WorkspaceId, keysetId: KeysetId, manifest: Manifest): string | undefined {
  if (manifest.workspaceId !== workspaceId) return "it belongs to another workspace"
  if (manifest.keysetId !== keysetId) return "it belongs to another key set"
  if ((manifest.revision === 1) !== (manifest.previousHash === undefined)) return "its previousHash does not fit"
  if (manifest.state !== "destroyed" && manifest.epochs.length === 0) return "it has no live epoch"
  return undefined
}

/**
 * Why `next` may not follow `previous` (`undefined`: `next` starts the chain), or `undefined` when it may (S4).
 * Signatures are not part of this: only the newest manifest's signer must count under the newest roster.
 */
export function manifestLinkProblem(
  workspaceId: WorkspaceId,
  keysetId: KeysetId,
  previous: Manifest | undefined,
  next: Manifest,
): string | undefined {
  const problem = manifestProblem(workspaceId, keysetId, next)
  if (problem !== undefined) return problem
  if (next.revision !== (previous?.revision ?? 0) + 1) {
    return `its revision is ${next.revision}, expected ${(previous?.revision ?? 0) + 1}`
  }
  if (!linksTo(next.previousHash, previous && manifestFormat.hash(previous))) return "its previousHash does not fit"
  return previous && changeProblem(previous, next)
}

function changeProblem(previous: Manifest, next: Manifest): string | undefined {
  if (next.name !== previous.name) return "its name changed"
  if (next.kind !== previous.kind) return "its kind changed"
  if (next.incarnation < previous.incarnation) return "its incarnation went back"
  if (next.versionFloor < previous.versionFloor) return "its versionFloor went back"
  if (next.rosterSeq < previous.rosterSeq) return "its rosterSeq went back"
  const newestBefore = currentEpoch(previous)
  const newest = currentEpoch(next)
  // Whatever came after the last epoch would reuse its number with another half.
  if (newestBefore === undefined) return newest === undefined ? undefined : "its epochs are gone for good"
  if (newest !== undefined && newest < newestBefore) return "its newest epoch went back"
  for (const { epoch, clientHalfCommitment, recoveryHash } of next.epochs) {
    const before = previous.epochs.find((known) => known.epoch === epoch)
    if (before === undefined && epoch <= newestBefore) return `epoch ${epoch} came back`
    if (before && !equalBytes(before.clientHalfCommitment, clientHalfCommitment))
      return `the commitment of epoch ${epoch} changed`
    if (before && !equalBytes(before.recoveryHash, recoveryHash)) return `the recovery grant of epoch ${epoch} changed`
  }
  return undefined
}
