import assert from "node:assert/strict"
import { test } from "node:test"
import { manifestLinkProblem } from "../formats/manifest.ts"
import { rosterFormat } from "../formats/roster.ts"
import { now, type TestClient, TestWorkspace } from "../testing/workspace.ts"
import { openRecoveryGrant } from "./client-half.ts"
import { loadKeyset } from "./load-keyset.ts"
import { addMember, firstRoster, newKeyset, removeMember } from "./membership.ts"

const workspace = await TestWorkspace.create()
const { admin, root, roster } = workspace
const [ci, other] = [await workspace.client("ci"), await workspace.client("other")] as [TestClient, TestClient]
const made = await workspace.keyset("production", [admin.asMember(), other.asMember("read")])
const bundle = workspace.bundle(made)
const expected = { name: "production" }
const keyset = await loadKeyset({ identity: admin.identity, bundle, expected })
const linkProblem = (next: typeof made.manifest) =>
  manifestLinkProblem(root.workspaceId, made.manifest.keysetId, made.manifest, next)

test("a new key set is sealed to exactly its members and to the root", async () => {
  assert.deepEqual(
    made.grants.map(({ clientId }) => clientId),
    [admin.clientId, other.clientId].sort(),
  )
  assert.deepEqual(
    made.manifest.members.map(({ clientId }) => clientId),
    [admin.clientId, other.clientId].sort(),
  )
  assert.deepEqual([made.manifest.revision, made.manifest.incarnation, made.manifest.versionFloor], [1, 1, 0])
  const [recovery] = made.recoveryGrants
  const place = { workspaceId: root.workspaceId, keysetId: made.manifest.keysetId, epoch: 1 }
  assert.deepEqual(await openRecoveryGrant(place, recovery as NonNullable<typeof recovery>, root), made.clientHalf)
  assert.deepEqual(keyset.clientHalf(1), made.clientHalf)
})

test("the manifest holds no signing key of a member", () => {
  for (const member of made.manifest.members)
    assert.deepEqual(Object.keys(member).sort(), ["clientId", "kemPk", "label", "mode"])
})

test("adding a member seals to it alone, and keeps everybody else", async () => {
  const change = await addMember(keyset, ci.asMember("write"), admin.signer)
  assert.equal(linkProblem(change.manifest), undefined)
  assert.deepEqual(
    change.grants.map(({ clientId, epoch }) => [clientId, epoch]),
    [[ci.clientId, 1]],
  )
  assert.deepEqual(
    change.manifest.members.map(({ clientId, mode }) => [clientId, mode]),
    [
      [admin.clientId, "read-write"],
      [other.clientId, "read"],
      [ci.clientId, "write"],
    ].sort(),
  )
  const served = { ...bundle, manifests: [change.manifest], grants: change.grants }
  const loaded = await loadKeyset({ identity: ci.identity, bundle: served, expected })
  assert.deepEqual([loaded.mode, loaded.clientHalf(1)], ["write", made.clientHalf])
})

test("adding a member again changes its mode and label", async () => {
  const { manifest } = await addMember(keyset, { ...other.asMember("read-write"), label: "renamed" }, admin.signer)
  assert.equal(manifest.members.length, 2)
  const member = manifest.members.find(({ clientId }) => clientId === other.clientId)
  assert.deepEqual([member?.mode, member?.label], ["read-write", "renamed"])
})

test("removing a member seals nothing, and the one removed is no member", async () => {
  const change = removeMember(keyset, other.clientId, admin.signer)
  assert.deepEqual([linkProblem(change.manifest), change.grants], [undefined, []])
  const served = { ...bundle, manifests: [change.manifest] }
  await assert.rejects(loadKeyset({ identity: other.identity, bundle: served, expected }), { code: "keyset_not_found" })
})

test("no half is sealed to keys that the client id does not commit to", async () => {
  const mixed = [
    { ...ci.asMember(), kemPk: other.kemPk },
    { ...ci.asMember(), signPk: other.signPk },
    { ...ci.asMember(), clientId: other.clientId },
  ]
  for (const member of mixed) {
    await assert.rejects(addMember(keyset, member, admin.signer), {
      code: "invalid_argument",
      message: /do not hash to its id/,
    })
    await assert.rejects(workspace.keyset("x", [member]), { code: "invalid_argument" })
  }
})

test("who is no granter signs nothing, and is told who is", async () => {
  const refusal = { code: "not_a_granter", hint: "ask one of the granters: admin" }
  await assert.rejects(addMember(keyset, ci.asMember(), other.signer), refusal)
  assert.throws(() => removeMember(keyset, ci.clientId, other.signer), refusal)
  const rootSigner = { signerId: root.workspaceId, signingKey: root.signingKey, now }
  assert.equal(removeMember(keyset, other.clientId, rootSigner).manifest.signerId, root.workspaceId)
})

test("nothing is signed under a name or label that no reader takes", async () => {
  const input = { root: root.publicKeys, roster, kind: "environment" as const, members: [admin.asMember()] }
  for (const name of ["", "Production", made.manifest.keysetId]) {
    await assert.rejects(newKeyset({ ...input, name }, admin.signer, workspace.random), { code: "invalid_document" })
  }
  await assert.rejects(addMember(keyset, { ...ci.asMember(), label: " " }, admin.signer), { code: "invalid_document" })
})

test("the first roster is signed by the root and sorts its granters", () => {
  const signer = { signerId: root.workspaceId, signingKey: root.signingKey, now }
  const granters = [admin.granter, ci.granter, other.granter]
  const first = firstRoster(root.workspaceId, granters, roster.auditKey, signer)
  const reversed = firstRoster(root.workspaceId, [...granters].reverse(), roster.auditKey, signer)
  assert.deepEqual(rosterFormat.hash(first), rosterFormat.hash(reversed))
  assert.ok(rosterFormat.isSignedBy(first, root.publicKeys.signPk))
})
