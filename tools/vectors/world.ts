/** A workspace with two granters, a key set of two revisions and two live epochs, and everything to change them. */
import { type Grant, grantInfo, type RecoveryGrant, recoveryHash } from "@halfkey/core/formats/grant"
import { type SignerId, uuidBytes } from "@halfkey/core/formats/ids"
import {
  clientHalfCommitment,
  type Manifest,
  type ManifestFields,
  type Member,
  manifestFormat,
} from "@halfkey/core/formats/manifest"
import { type Roster, type RosterFields, rosterFormat } from "@halfkey/core/formats/roster"
import { signingKeyFromSeed } from "@halfkey/core/key-service/signing-key"
import { hpkeSeal } from "../../tests/vectors/independent.ts"
import { type FixedClient, fixed, fixedClient, fixedKeysetId, fixedRoot, now } from "./fixed.ts"

export const root = await fixedRoot("first")
export const admin = await fixedClient(root, "admin")
export const second = await fixedClient(root, "second granter")
export const ci = await fixedClient(root, "ci")
export const stranger = await fixedClient(root, "stranger")
export const workspaceId = root.workspaceId
export const keysetId = fixedKeysetId("production")
/** Client halves by epoch. */
const halves = new Map([1, 2, 3].map((epoch) => [epoch, fixed(`half ${epoch}`)]))

type Signer = { readonly signerId: SignerId; readonly key: { sign(message: Uint8Array): Uint8Array } }
export const byRoot: Signer = { signerId: workspaceId, key: root.signingKey }
export const by = ({ clientId, identity }: FixedClient): Signer => ({ signerId: clientId, key: identity.signingKey })

const byId = (left: { clientId: string }, right: { clientId: string }) => (left.clientId < right.clientId ? -1 : 1)

const auditKey = signingKeyFromSeed(fixed("audit key")).publicKey

/** A roster after `previous`, with some fields changed. */
export function roster(previous: Roster | undefined, signer: Signer, changes: Partial<RosterFields> = {}): Roster {
  const fields: RosterFields = {
    workspaceId,
    seq: (previous?.seq ?? 0) + 1,
    previousHash: previous && rosterFormat.hash(previous),
    granters: previous?.granters ?? [admin.asGranter],
    auditKey,
    createdAt: now,
    signerId: signer.signerId,
    ...changes,
  }
  return rosterFormat.sign({ ...fields, granters: [...fields.granters].sort(byId) }, signer.key as never)
}

export const roster1 = roster(undefined, byRoot)
export const roster2 = roster(roster1, by(admin), { granters: [admin.asGranter, second.asGranter] })

export const recoveryGrants = new Map<number, RecoveryGrant>()
for (const epoch of halves.keys()) recoveryGrants.set(epoch, await sealedRecoveryGrant(epoch))

async function sealedRecoveryGrant(epoch: number): Promise<RecoveryGrant> {
  const info = grantInfo(workspaceId, keysetId, epoch, "root")
  return { keysetId, epoch, ...(await sealedHalf(root.publicKeys.kemPk, info, halfOf(epoch), `recovery ${epoch}`)) }
}

export function halfOf(epoch: number): Uint8Array {
  return halves.get(epoch) ?? fixed(`half ${epoch}`)
}

/** Seals with randomness that follows from `name`, by the independent implementation. */
async function sealedHalf(kemPk: Uint8Array, info: Uint8Array, half: Uint8Array, name: string) {
  const { enc, sealed } = await hpkeSeal(kemPk, info, half, fixed(`sealing ${name}`, 64))
  return { enc, sealedHalf: sealed }
}

/** A grant of an epoch's half, as it should be unless some part of its place is another. */
export async function grant(
  to: FixedClient,
  epoch: number,
  other: { readonly half?: Uint8Array; readonly info?: Uint8Array } = {},
): Promise<Grant> {
  const info = other.info ?? grantInfo(workspaceId, keysetId, epoch, to.clientId)
  const sealed = await sealedHalf(to.kemPk, info, other.half ?? halfOf(epoch), `${to.name} ${epoch}`)
  return { keysetId, epoch, clientId: to.clientId, ...sealed, selfWrap: undefined }
}

export function epochEntry(epoch: number) {
  const recovery = recoveryGrants.get(epoch) as RecoveryGrant
  return {
    epoch,
    clientHalfCommitment: clientHalfCommitment(workspaceId, uuidBytes(keysetId), epoch, halfOf(epoch)),
    recoveryHash: recoveryHash(recovery),
  }
}

export const member = (client: FixedClient, mode: Member["mode"] = "read-write"): Member => ({
  clientId: client.clientId,
  kemPk: client.kemPk,
  mode,
  label: client.name,
})

/** A manifest after `previous`, with some fields changed. */
export function manifest(
  previous: Manifest | undefined,
  signer: Signer,
  changes: Partial<ManifestFields> = {},
): Manifest {
  const fields: ManifestFields = {
    workspaceId,
    keysetId,
    kind: "environment",
    name: "production",
    incarnation: 1,
    versionFloor: 0,
    epochs: [epochEntry(1)],
    members: [member(admin)],
    state: "enabled",
    rosterSeq: roster2.seq,
    rosterHash: rosterFormat.hash(roster2),
    ...previous,
    revision: (previous?.revision ?? 0) + 1,
    previousHash: previous && manifestFormat.hash(previous),
    createdAt: now,
    signerId: signer.signerId,
    ...changes,
  }
  return manifestFormat.sign({ ...fields, members: [...fields.members].sort(byId) }, signer.key as never)
}

export const manifest1 = manifest(undefined, by(admin))
export const manifest2 = manifest(manifest1, by(second), {
  members: [member(admin), member(ci, "read")],
  epochs: [epochEntry(1), epochEntry(3)],
})
