/**
 * What the server checks before it keeps a manifest (S4, S5). Clients check everything again: this is so that nobody can
 * store what every client would refuse, and that what is stored fits together.
 */
import { HalfkeyError } from "@halfkey/core/formats/errors"
import {
  type Grant,
  parseGrant,
  parseRecoveryGrant,
  type RecoveryGrant,
  recoveryHash,
} from "@halfkey/core/formats/grant"
import type { ClientId, KeysetId } from "@halfkey/core/formats/ids"
import {
  currentEpoch,
  type Manifest,
  type Member,
  manifestFormat,
  manifestLinkProblem,
} from "@halfkey/core/formats/manifest"
import { type Roster, rosterFormat, signerKey, type WorkspaceRootKeys } from "@halfkey/core/formats/roster"
import { equalBytes } from "@halfkey/core/primitives/hash"
import type { KeysetChange } from "@halfkey/core/wire/keysets"
import type { ClientRow, GrantRow, RecoveryGrantRow } from "../../domain/rows.ts"

export interface ChangeContext {
  readonly root: WorkspaceRootKeys
  /** The newest one. */
  readonly roster: Roster
  /** What the change follows; `undefined` for a new key set. */
  readonly previous: Manifest | undefined
  /** Its keys were deleted: there are no grants any more. */
  readonly isPurged: boolean
  /** Those that the server holds already for this key set. */
  readonly storedGrants: readonly GrantRow[]
  readonly storedRecoveryGrants: readonly RecoveryGrantRow[]
  readonly client: (id: ClientId) => Promise<ClientRow | undefined>
}

/** A change that passed. */
export interface CheckedChange {
  readonly manifest: Manifest
  readonly hash: Uint8Array
  readonly grants: readonly Grant[]
  readonly recoveryGrants: readonly RecoveryGrant[]
  readonly newEpochs: readonly number[]
  readonly removedEpochs: readonly number[]
}

export function refused(check: string, why: string): HalfkeyError {
  return new HalfkeyError("invalid_document", `check "${check}" failed: ${why}`, { check })
}

/** Reads a manifest strictly. Throws `invalid_document`, check "encoding". */
export function readManifest(change: KeysetChange): Manifest {
  return manifestFormat.parse(change.manifest)
}

/** Runs every check. Throws `invalid_document` naming the check, or `revision_conflict`. */
export async function checkChange(
  keysetId: KeysetId,
  change: KeysetChange,
  context: ChangeContext,
): Promise<CheckedChange> {
  const manifest = readManifest(change)
  checkRevision(manifest, context.previous)
  const problem = manifestLinkProblem(context.roster.workspaceId, keysetId, context.previous, manifest)
  if (problem !== undefined) throw refused("manifest", problem)
  checkSigner(manifest, context)
  await checkMembers(manifest, context)
  const grants = change.grants.map(parseGrant)
  checkGrants(manifest, grants, context)
  const recoveryGrants = (change.recoveryGrants ?? []).map(parseRecoveryGrant)
  const before = epochsOf(context.previous)
  const newEpochs = epochsOf(manifest).filter((epoch) => !before.includes(epoch))
  checkRecoveryGrants(manifest, recoveryGrants, newEpochs)
  return {
    manifest,
    hash: manifestFormat.hash(manifest),
    grants,
    recoveryGrants,
    newEpochs,
    removedEpochs: before.filter((epoch) => !epochsOf(manifest).includes(epoch)),
  }
}

const epochsOf = (manifest: Manifest | undefined) => manifest?.epochs.map(({ epoch }) => epoch) ?? []

function checkRevision(manifest: Manifest, previous: Manifest | undefined): void {
  const current = previous?.revision ?? 0
  if (previous === undefined || manifest.revision === current + 1) return
  throw new HalfkeyError("revision_conflict", `${previous.name} is at revision ${current}, got ${manifest.revision}`, {
    hint: "read the key set again and repeat the change on its newest manifest",
    facts: { keysetId: manifest.keysetId, revision: current },
  })
}

/** The signer counts under the newest roster, which the manifest must name. */
function checkSigner(manifest: Manifest, { root, roster }: ChangeContext): void {
  if (manifest.rosterSeq !== roster.seq || !equalBytes(manifest.rosterHash, rosterFormat.hash(roster))) {
    throw refused("roster", `it does not name the newest roster, which is ${roster.seq}`)
  }
  const signer = signerKey(manifest.signerId, root, roster)
  if (signer === undefined) throw refused("signer", "its signer is not in the newest roster")
  if (!manifestFormat.isSignedBy(manifest, signer)) throw refused("signature", "its signature is wrong")
}

/** A member carried over from the manifest before may be revoked meanwhile: it gets nothing, and leaves with the next. */
async function checkMembers(manifest: Manifest, { previous, client }: ChangeContext): Promise<void> {
  const before = new Map(previous?.members.map((member) => [member.clientId, member]))
  for (const member of manifest.members) {
    const known = before.get(member.clientId)
    if (known !== undefined && isSameMember(known, member)) continue
    const registered = await client(member.clientId)
    if (registered === undefined) throw refused("members", `the client ${member.clientId} is not registered`)
    if (registered.revokedAt !== null) throw refused("members", `the client ${member.clientId} is revoked`)
    if (!equalBytes(registered.kemPk, member.kemPk)) {
      throw refused("members", `the key of client ${member.clientId} is not the registered one`)
    }
  }
}

function isSameMember(left: Member, right: Member): boolean {
  return left.mode === right.mode && left.label === right.label && equalBytes(left.kemPk, right.kemPk)
}

/**
 * Afterwards there is exactly one grant for each member and live epoch, sent now or stored before. A
 * self-wrap may come with it when the member was made on the signer's machine; the member checks it like the grant.
 * Of a key set whose keys were deleted there are none, and there shall be none.
 */
function checkGrants(
  manifest: Manifest,
  grants: readonly Grant[],
  { isPurged, storedGrants: stored }: Pick<ChangeContext, "isPurged" | "storedGrants">,
): void {
  if (isPurged && grants.length > 0) throw refused("grants", "its keys were deleted: nothing can be granted")
  if (isPurged) return
  const place = (grant: { readonly clientId: ClientId; readonly epoch: number }) => `${grant.clientId} ${grant.epoch}`
  const wanted = new Set<string>()
  for (const { clientId } of manifest.members) {
    for (const epoch of epochsOf(manifest)) wanted.add(place({ clientId, epoch }))
  }
  const sent = new Set<string>()
  for (const grant of grants) {
    const where = `client ${grant.clientId}, epoch ${grant.epoch}`
    if (grant.keysetId !== manifest.keysetId) throw refused("grants", "a grant belongs to another key set")
    if (!wanted.has(place(grant))) throw refused("grants", `a grant is for nobody in the manifest: ${where}`)
    if (sent.has(place(grant))) throw refused("grants", `a grant was sent twice: ${where}`)
    sent.add(place(grant))
  }
  for (const grant of stored) sent.add(place(grant))
  for (const each of wanted) {
    if (!sent.has(each)) throw refused("grants", `a grant is missing: client and epoch ${each}`)
  }
}

function checkRecoveryGrants(manifest: Manifest, grants: readonly RecoveryGrant[], newEpochs: readonly number[]): void {
  for (const grant of grants) {
    if (grant.keysetId !== manifest.keysetId) throw refused("recovery", "a recovery grant belongs to another key set")
    if (!newEpochs.includes(grant.epoch)) throw refused("recovery", `epoch ${grant.epoch} needs no recovery grant`)
  }
  for (const { epoch, recoveryHash: published } of manifest.epochs) {
    if (!newEpochs.includes(epoch)) continue
    const [grant, another] = grants.filter((candidate) => candidate.epoch === epoch)
    if (grant === undefined) throw refused("recovery", `the recovery grant of epoch ${epoch} is missing`)
    if (another !== undefined) throw refused("recovery", `the recovery grant of epoch ${epoch} was sent twice`)
    if (!equalBytes(recoveryHash(grant), published)) {
      throw refused("recovery", `the recovery grant of epoch ${epoch} is not the one that the manifest names`)
    }
  }
}

/** The epoch to seal under. Destroyed key sets keep theirs. */
export function sealingEpoch(manifest: Manifest): number {
  const epoch = currentEpoch(manifest)
  if (epoch === undefined) throw refused("manifest", "it has no live epoch")
  return epoch
}
