import assert from "node:assert/strict"
import { test } from "node:test"
import { manifestLinkProblem } from "../formats/manifest.ts"
import { now, type TestClient, TestWorkspace } from "../testing/workspace.ts"
import { verifyDocuments } from "./load-keyset.ts"
import { byClientId, provenMember, requireGranter, signNext } from "./next-manifest.ts"

const workspace = await TestWorkspace.create()
const { admin, root, roster } = workspace
const [ci, other] = [await workspace.client("ci"), await workspace.client("other")] as [TestClient, TestClient]
const made = await workspace.keyset("production", [admin.asMember(), ci.asMember("read")])
const documents = verifyDocuments({
  workspaceId: root.workspaceId,
  bundle: workspace.bundle(made),
  expected: { name: "production" },
})

test("a successor links to the verified manifest, and changes nothing but what was asked for", () => {
  const next = signNext(documents, { state: "disabled" }, { ...admin.signer, now: now + 1 })
  const { keysetId } = made.manifest
  assert.equal(manifestLinkProblem(root.workspaceId, keysetId, made.manifest, next), undefined)
  assert.deepEqual(
    { ...next, signature: undefined },
    {
      ...made.manifest,
      state: "disabled",
      revision: 2,
      previousHash: documents.manifestHash,
      createdAt: now + 1,
      signature: undefined,
    },
  )
})

test("the root and granters sign, others are told whom to ask", () => {
  requireGranter(roster, root.workspaceId)
  requireGranter(roster, admin.clientId)
  assert.throws(() => requireGranter(roster, ci.clientId), {
    code: "not_a_granter",
    hint: "ask one of the granters: admin",
  })
  assert.throws(() => signNext(documents, {}, ci.signer), { code: "not_a_granter" })
})

test("a member's keys must be those that its id commits to", () => {
  const { signPk: _, ...member } = other.asMember("write")
  assert.deepEqual(provenMember(root.workspaceId, other.asMember("write")), member)
  for (const wrong of [{ signPk: ci.signPk }, { kemPk: ci.kemPk }, { clientId: ci.clientId }]) {
    assert.throws(() => provenMember(root.workspaceId, { ...other.asMember(), ...wrong }), { code: "invalid_argument" })
  }
})

test("clients are listed by id", () => {
  const sorted = [admin, ci, other].sort(byClientId).map(({ clientId }) => clientId)
  assert.deepEqual(sorted, [...sorted].sort())
})
