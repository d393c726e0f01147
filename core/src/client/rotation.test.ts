import assert from "node:assert/strict"
import { test } from "node:test"
import type { HalfkeyError } from "../formats/errors.ts"
import type { Grant } from "../formats/grant.ts"
import { manifestLinkProblem } from "../formats/manifest.ts"
import { type TestClient, TestWorkspace } from "../testing/workspace.ts"
import { openGrant, openRecoveryGrant } from "./client-half.ts"
import { type KeysetBundle, loadKeyset, verifyDocuments } from "./load-keyset.ts"
import { signNext } from "./next-manifest.ts"
import { openRecord, sealRecord } from "./record-crypto.ts"
import { retireOldEpochs, rotateKeyset } from "./rotation.ts"

const workspace = await TestWorkspace.create()
const { admin, random, root } = workspace
const [staying, leaving] = [await workspace.client("staying"), await workspace.client("leaving")] as [
  TestClient,
  TestClient,
]
const members = [admin.asMember(), staying.asMember("read"), leaving.asMember()]
const made = await workspace.keyset("production", members)
const bundle = workspace.bundle(made)
const expected = { name: "production" }
const { workspaceId } = root
const { keysetId } = made.manifest

function verified(served: KeysetBundle) {
  return verifyDocuments({ workspaceId, bundle: served, expected })
}

const rotation = await rotateKeyset(verified(bundle), [leaving.clientId], admin.signer, random)
const rotated = {
  ...bundle,
  manifests: [rotation.manifest],
  grants: [...made.grants, ...rotation.grants],
  recoveryGrants: [...made.recoveryGrants, ...rotation.recoveryGrants],
}
const linkProblem = (next: typeof made.manifest, previous = made.manifest) =>
  manifestLinkProblem(workspaceId, keysetId, previous, next)

test("a rotation adds one epoch with a fresh half, and leaves out exactly who is removed", () => {
  assert.equal(linkProblem(rotation.manifest), undefined)
  assert.deepEqual(
    rotation.manifest.epochs.map(({ epoch }) => epoch),
    [1, 2],
  )
  assert.deepEqual(rotation.manifest.epochs[0], made.manifest.epochs[0])
  assert.notDeepEqual(rotation.clientHalf, made.clientHalf)
  const remaining = [admin.clientId, staying.clientId].sort()
  assert.deepEqual(
    rotation.manifest.members.map(({ clientId }) => clientId),
    remaining,
  )
  assert.deepEqual(rotation.grants.map(({ clientId }) => clientId).sort(), remaining)
  assert.ok(rotation.grants.every(({ epoch }) => epoch === 2))
  assert.equal(rotation.manifest.members.find(({ clientId }) => clientId === staying.clientId)?.mode, "read")
})

test("who remains opens both epochs, the root the new one as well; who left opens no grant of it", async () => {
  const keyset = await loadKeyset({ identity: staying.identity, bundle: rotated, expected, requireRecovery: true })
  assert.deepEqual([keyset.clientHalf(1), keyset.clientHalf(2)], [made.clientHalf, rotation.clientHalf])
  assert.equal(keyset.sealingEpoch, 2)
  const place = { workspaceId, keysetId, epoch: 2 }
  const [recovery] = rotation.recoveryGrants
  assert.ok(recovery)
  assert.deepEqual(await openRecoveryGrant(place, recovery, root), rotation.clientHalf)
  for (const grant of rotation.grants) {
    assert.equal(await openGrant(place, { ...grant, clientId: leaving.clientId } as Grant, leaving.identity), undefined)
  }
  await assert.rejects(loadKeyset({ identity: leaving.identity, bundle: rotated, expected }), {
    code: "keyset_not_found",
  })
})

test("a record of one epoch does not open with the half of another, whatever the seed", () => {
  const context = { purpose: "secret", workspaceId, keysetId, name: "A", version: 1 } as const
  const keySeed = random(32)
  const seal = (clientHalf: Uint8Array, epoch: number) =>
    sealRecord({ context, clientHalf, keySeed, epoch, keyId: random(16), plaintext: random(9), random32: random(32) })
  const record = seal(rotation.clientHalf, 2)
  assert.doesNotThrow(() => openRecord(record, context, { clientHalf: rotation.clientHalf, keySeed }))
  const check = (error: HalfkeyError) => error.check === "commit"
  assert.throws(() => openRecord(record, context, { clientHalf: made.clientHalf, keySeed }), check)
  // The epoch stands in the header, which the data key binds: an old record cannot be called a new one.
  const renamed = seal(made.clientHalf, 1)
  renamed[20] = 2
  for (const clientHalf of [made.clientHalf, rotation.clientHalf]) {
    assert.throws(() => openRecord(renamed, context, { clientHalf, keySeed }), check)
  }
})

test("retirement leaves the newest epoch alone, and no way back to an older one", () => {
  const documents = verified(rotated)
  const retired = retireOldEpochs(documents, admin.signer)
  assert.ok(retired)
  assert.equal(linkProblem(retired, rotation.manifest), undefined)
  assert.deepEqual(retired.epochs, [rotation.manifest.epochs[1]])
  assert.deepEqual(retired.members, rotation.manifest.members)
  const after = verified({ ...rotated, manifests: [retired] })
  assert.equal(retireOldEpochs(after, admin.signer), undefined)
  const back = signNext(after, { epochs: rotation.manifest.epochs }, admin.signer)
  assert.match(linkProblem(back, retired) ?? "", /epoch/)
})

test("a second rotation of the same manifest is no successor of the first", async () => {
  const other = await rotateKeyset(verified(bundle), [], admin.signer, random)
  assert.equal(linkProblem(other.manifest), undefined)
  assert.equal(linkProblem(other.manifest, rotation.manifest) === undefined, false)
})

test("only a granter rotates and retires", async () => {
  const documents = verified(rotated)
  await assert.rejects(rotateKeyset(documents, [], staying.signer, random), { code: "not_a_granter" })
  assert.throws(() => retireOldEpochs(documents, staying.signer), { code: "not_a_granter" })
})
