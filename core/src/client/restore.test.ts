import assert from "node:assert/strict"
import { test } from "node:test"
import { type Manifest, manifestFormat, manifestLinkProblem } from "../formats/manifest.ts"
import { foreseeable, now, TestWorkspace } from "../testing/workspace.ts"
import { openGrant } from "./client-half.ts"
import { loadKeyset, verifyDocuments } from "./load-keyset.ts"
import { addMember, removeMember } from "./membership.ts"
import { acceptRestore, isEpochLost, remakeKeyset } from "./restore.ts"
import { retireOldEpochs, rotateKeyset } from "./rotation.ts"

const workspace = await TestWorkspace.create()
const { admin, root, roster } = workspace
const [stays, leaves, comes] = [
  await workspace.client("stays"),
  await workspace.client("leaves"),
  await workspace.client("comes"),
]
const backup = await workspace.keyset("production", [admin.asMember(), stays.asMember(), leaves.asMember()])
const bundle = workspace.bundle(backup)
const { keysetId } = backup.manifest
const { workspaceId } = root
const documents = verifyDocuments({ workspaceId, bundle, expected: { name: "production" } })
const keyset = await loadKeyset({ identity: admin.identity, bundle, expected: { name: "production" } })
const random = foreseeable(9)
const half = (epoch: number) => keyset.clientHalf(epoch)
const after = (manifest: Manifest) => ({ ...documents, manifest, manifestHash: manifestFormat.hash(manifest) })

/** After the backup: one left, one came, one may only read from then on. */
const without = removeMember(documents, leaves.clientId, admin.signer).manifest
const added = (await addMember(keyset, comes.asMember(), admin.signer)).manifest
const remembered: Manifest = {
  ...without,
  revision: 9,
  members: [...without.members, ...added.members.filter(({ clientId }) => clientId === comes.clientId)]
    .map((member) => (member.clientId === stays.clientId ? { ...member, mode: "read" as const } : member))
    .sort((left, right) => (left.clientId < right.clientId ? -1 : 1)),
}
const numbers = { incarnation: 2, versionFloor: 100 }
const nobody = { documents, remembered, letInAgain: [], half, ...numbers }
const linkProblem = (next: Manifest) => manifestLinkProblem(workspaceId, keysetId, backup.manifest, next)
const ids = (manifest: Manifest) => manifest.members.map(({ clientId, mode }) => `${clientId} ${mode}`)

test("who was removed since the backup stays out, who was not there is not let in by itself, modes are those of last", async () => {
  const { begun, grants, manifest } = await acceptRestore(nobody, admin.signer, random)
  assert.equal(linkProblem(manifest), undefined)
  assert.deepEqual(ids(manifest), [`${admin.clientId} read-write`, `${stays.clientId} read`].sort())
  assert.deepEqual([manifest.incarnation, manifest.versionFloor, manifest.revision], [2, 100, 2])
  assert.deepEqual([begun, grants, manifest.epochs], [undefined, [], backup.manifest.epochs])
  assert.ok(manifestFormat.isSignedBy(manifest, admin.signPk))
})

test("who was let in since the backup is let in again, with a grant that opens, by keys that fit the id", async () => {
  const { grants, manifest } = await acceptRestore(
    { ...nobody, letInAgain: [comes.asMember("read")] },
    admin.signer,
    random,
  )
  assert.equal(linkProblem(manifest), undefined)
  assert.equal(manifest.members.length, 3)
  assert.equal(manifest.members.find(({ clientId }) => clientId === comes.clientId)?.mode, "read-write")
  const [grant] = grants
  assert.ok(grant)
  assert.deepEqual(await openGrant({ workspaceId, keysetId, epoch: 1 }, grant, comes.identity), backup.clientHalf)
  const { clientId } = comes
  await assert.rejects(
    acceptRestore({ ...nobody, letInAgain: [{ ...leaves.asMember(), clientId }] }, admin.signer, random),
    {
      code: "invalid_argument",
    },
  )
  const stranger = await workspace.client("stranger")
  const none = await acceptRestore({ ...nobody, letInAgain: [stranger.asMember()] }, admin.signer, random)
  assert.ok(!none.manifest.members.some((member) => member.clientId === stranger.clientId))
})

test("a rotation after the backup goes on with an epoch above the lost one, sealed to those who stay", async () => {
  const rotated = await rotateKeyset(documents, [leaves.clientId], admin.signer, random)
  const last = retireOldEpochs(after(rotated.manifest), admin.signer)
  assert.ok(last)
  assert.ok(isEpochLost(backup.manifest, last) && isEpochLost(backup.manifest, rotated.manifest))
  const accepted = await acceptRestore({ ...nobody, remembered: last }, admin.signer, random)
  assert.equal(linkProblem(accepted.manifest), undefined)
  assert.deepEqual(
    accepted.manifest.epochs.map(({ epoch }) => epoch),
    [1, 3],
  )
  assert.deepEqual(
    accepted.grants.map(({ clientId, epoch }) => [clientId, epoch]).sort(),
    [
      [admin.clientId, 3],
      [stays.clientId, 3],
    ].sort(),
  )
  assert.notDeepEqual(accepted.begun?.clientHalf, rotated.clientHalf)
  assert.equal(accepted.recoveryGrants.length, 1)
})

test("an epoch that only the served manifest has is not sealed under: a granter of then may know its half", async () => {
  const elsewhere = await rotateKeyset(documents, [], admin.signer, random)
  const { manifest } = await acceptRestore({ ...nobody, documents: after(elsewhere.manifest) }, admin.signer, random)
  assert.deepEqual(
    manifest.epochs.map(({ epoch }) => epoch),
    [1, 2, 3],
  )
})

test("what was disabled or destroyed does not come back enabled", async () => {
  for (const state of ["disabled", "destroyed"] as const) {
    const rotated = await rotateKeyset(documents, [], admin.signer, random)
    const { begun, manifest } = await acceptRestore(
      { ...nobody, remembered: { ...rotated.manifest, state } },
      admin.signer,
      random,
    )
    assert.equal(manifest.state, state)
    assert.equal(begun === undefined, state === "destroyed")
  }
})

test("only a granter signs it, and only upwards", async () => {
  await assert.rejects(acceptRestore(nobody, stays.signer, random), { code: "not_a_granter" })
  await assert.rejects(acceptRestore({ ...nobody, incarnation: 1 }, admin.signer, random), TypeError)
  await assert.rejects(
    acceptRestore({ ...nobody, remembered: { ...remembered, incarnation: 2 } }, admin.signer, random),
    TypeError,
  )
})

test("a key set that came after the backup is made again, under its id and name, with keys of its own", async () => {
  const members = remembered.members.filter(({ clientId }) => clientId !== comes.clientId)
  const input = { root: root.publicKeys, roster, remembered, members, ...numbers }
  const made = await remakeKeyset(input, admin.signer, random)
  assert.equal(manifestLinkProblem(workspaceId, keysetId, undefined, made.manifest), undefined)
  assert.deepEqual([made.manifest.name, made.manifest.createdAt], ["production", now])
  assert.deepEqual(
    made.manifest.epochs.map(({ epoch }) => epoch),
    [2],
  )
  const grants = made.grants.map((grant) => ({ ...grant }))
  const served = {
    root: root.publicKeys,
    rosters: [roster],
    manifests: [made.manifest],
    grants,
    recoveryGrants: made.recoveryGrants,
  }
  const loaded = await loadKeyset({
    identity: stays.identity,
    bundle: served,
    expected: { name: "production", keysetId },
    floors: { keyset: { incarnation: 1, revision: 9, hash: new Uint8Array(32), version: 100 } },
    requireRecovery: true,
  })
  assert.equal(loaded.sealingEpoch, 2)
})
