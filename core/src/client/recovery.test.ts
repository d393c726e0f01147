import assert from "node:assert/strict"
import { test } from "node:test"
import type { HalfkeyError } from "../formats/errors.ts"
import { recoveryHash } from "../formats/grant.ts"
import { manifestFormat, manifestLinkProblem } from "../formats/manifest.ts"
import { rosterFormat, rosterLinkProblem } from "../formats/roster.ts"
import { now, TestWorkspace } from "../testing/workspace.ts"
import { openRecoveryGrant, sealRecoveryGrant } from "./client-half.ts"
import { loadKeyset, verifyDocuments } from "./load-keyset.ts"
import { leaveForLater, recoveredRoster, recoverKeyset } from "./recovery.ts"
import { rotateKeyset } from "./rotation.ts"
import { WorkspaceRoot } from "./workspace-root.ts"

const workspace = await TestWorkspace.create()
const { admin, random, root, roster } = workspace
const other = await workspace.client("other")
const made = await workspace.keyset("production", [admin.asMember(), other.asMember()])
const workspaceId = root.workspaceId
const first = verifyDocuments({ workspaceId, bundle: workspace.bundle(made), expected: { name: "production" } })
const rotation = await rotateKeyset(first, [], admin.signer, random)
const recoveryGrants = [...made.recoveryGrants, ...rotation.recoveryGrants]
const bundle = { root: root.publicKeys, rosters: [roster], manifests: [rotation.manifest], grants: [], recoveryGrants }
const documents = verifyDocuments({ workspaceId, bundle, expected: { name: "production" }, requireRecovery: true })

const rescuer = await workspace.client("rescuer")
const next = recoveredRoster(roster, rescuer.granter, root, now)
const parts = { admin: rescuer.asMember(), roster: next, signer: rescuer.signer }
const recover = (grants = recoveryGrants, by: WorkspaceRoot = root, from = documents) =>
  recoverKeyset(from, grants, by, parts, random)

test("the root signs a roster in which the new admin is alone", () => {
  assert.equal(rosterLinkProblem(workspaceId, root.publicKeys, roster, next), undefined)
  assert.deepEqual(
    next.granters.map(({ clientId }) => clientId),
    [rescuer.clientId],
  )
  assert.deepEqual([next.seq, next.signerId, next.auditKey], [2, workspaceId, roster.auditKey])
})

test("every epoch is sealed to the new admin alone, and a new one begins, which the root can open too", async () => {
  const recovered = await recover()
  const { clientHalves, grants, manifest } = recovered
  assert.equal(manifestLinkProblem(workspaceId, manifest.keysetId, documents.manifest, manifest), undefined)
  assert.deepEqual(
    manifest.epochs.map(({ epoch }) => epoch),
    [1, 2, 3],
  )
  assert.deepEqual(
    manifest.members.map(({ clientId }) => clientId),
    [rescuer.clientId],
  )
  assert.deepEqual(
    grants.map(({ clientId, epoch }) => [clientId, epoch]),
    [1, 2, 3].map((epoch) => [rescuer.clientId, epoch]),
  )
  assert.deepEqual(clientHalves.get(1), made.clientHalf)
  assert.deepEqual(clientHalves.get(2), rotation.clientHalf)
  const [newest] = recovered.recoveryGrants
  assert.ok(newest)
  const place = { workspaceId, keysetId: manifest.keysetId, epoch: 3 }
  assert.deepEqual(await openRecoveryGrant(place, newest, root), clientHalves.get(3))
  const served = {
    root: root.publicKeys,
    rosters: [roster, next],
    manifests: [manifest],
    grants,
    recoveryGrants: [...recoveryGrants, newest],
  }
  const expected = { name: "production" }
  const loaded = await loadKeyset({ identity: rescuer.identity, bundle: served, expected, requireRecovery: true })
  assert.deepEqual(loaded.clientHalf(1), made.clientHalf)
  assert.equal(loaded.sealingEpoch, 3)
  await assert.rejects(loadKeyset({ identity: admin.identity, bundle: served, expected }), { code: "keyset_not_found" })
})

test("whoever was a granter before signs nothing under the new roster", async () => {
  await assert.rejects(recoverKeyset(documents, recoveryGrants, root, { ...parts, signer: admin.signer }, random), {
    code: "not_a_granter",
  })
})

test("a missing, foreign or replaced recovery grant, another kit, and another half are told apart by check", async () => {
  const [one, two] = recoveryGrants
  assert.ok(one && two)
  const refusedBy = async (attempt: Promise<unknown>): Promise<string | undefined> => {
    const error = await attempt.then(
      () => undefined,
      (refusal: HalfkeyError) => refusal,
    )
    assert.equal(error?.code, "keyset_verification_failed")
    return error?.check
  }
  assert.equal(await refusedBy(recover([two])), "recovery")
  assert.equal(await refusedBy(recover([])), "recovery")
  assert.equal(await refusedBy(recover([{ ...one, sealedHalf: two.sealedHalf }, two])), "recovery")
  assert.equal(await refusedBy(recover([{ ...one, epoch: 2 }, two])), "recovery")
  assert.equal(await refusedBy(recover(recoveryGrants, await WorkspaceRoot.create(random))), "recovery")

  // A granter that published the hash of a grant with another half than the one that it committed to.
  const place = { workspaceId, keysetId: made.manifest.keysetId, epoch: 1 }
  const lie = await sealRecoveryGrant(place, root.publicKeys.kemPk, new Uint8Array(32).fill(7))
  const epochs = documents.manifest.epochs.map((each) =>
    each.epoch === 1 ? { ...each, recoveryHash: recoveryHash(lie) } : each,
  )
  const lied = { ...documents, manifest: { ...documents.manifest, epochs } }
  assert.equal(await refusedBy(recover([lie, two], root, lied)), "commitment")
})

test("a destroyed key set is recovered without a new epoch; one that is left out has no member", async () => {
  const { signature: _, ...fields } = documents.manifest
  const destroyed = manifestFormat.sign({ ...fields, state: "destroyed" }, admin.identity.signingKey)
  const gone = { ...documents, manifest: destroyed, manifestHash: manifestFormat.hash(destroyed) }
  const recovered = await recover(recoveryGrants, root, gone)
  assert.deepEqual([recovered.manifest.epochs.length, recovered.manifest.state], [2, "destroyed"])
  assert.deepEqual([recovered.grants.length, recovered.recoveryGrants.length], [2, 0])

  const shut = leaveForLater(documents, next, rescuer.signer)
  assert.deepEqual([shut.members, shut.epochs.length, shut.state], [[], 2, "enabled"])
  assert.equal(manifestLinkProblem(workspaceId, shut.keysetId, documents.manifest, shut), undefined)
  assert.deepEqual(shut.rosterHash, rosterFormat.hash(next))
})
