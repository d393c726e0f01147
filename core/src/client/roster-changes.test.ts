import assert from "node:assert/strict"
import { test } from "node:test"
import { manifestFormat, manifestLinkProblem } from "../formats/manifest.ts"
import { rosterFormat, rosterLinkProblem } from "../formats/roster.ts"
import { TestWorkspace } from "../testing/workspace.ts"
import { verifyDocuments } from "./load-keyset.ts"
import { nextRoster, rosterWithAuditKey, signAgain } from "./roster-changes.ts"

const workspace = await TestWorkspace.create()
const { admin, root, roster } = workspace
const second = await workspace.client("second")
const made = await workspace.keyset()
const workspaceId = root.workspaceId
const documents = verifyDocuments({ workspaceId, bundle: workspace.bundle(made), expected: { name: "production" } })
const both = nextRoster(roster, [second.granter, admin.granter], admin.signer)

test("the next roster links to the one before, with its granters in order and the same audit key", () => {
  assert.equal(rosterLinkProblem(workspaceId, root.publicKeys, roster, both), undefined)
  assert.deepEqual(
    both.granters.map(({ clientId }) => clientId),
    [admin.clientId, second.clientId].sort(),
  )
  assert.deepEqual([both.seq, both.auditKey, both.signerId], [2, roster.auditKey, admin.clientId])
})

test("only the root and who is listed may sign the next one", () => {
  assert.throws(() => nextRoster(roster, [second.granter], second.signer), { code: "not_a_granter" })
  const { now } = admin.signer
  const byRoot = nextRoster(roster, [second.granter], { signerId: workspaceId, signingKey: root.signingKey, now })
  assert.equal(rosterLinkProblem(workspaceId, root.publicKeys, roster, byRoot), undefined)
})

test("signing again changes nothing but who signed, under which roster, and the link", () => {
  const without = nextRoster(both, [second.granter], second.signer)
  const again = signAgain(documents, without, second.signer)
  assert.equal(manifestLinkProblem(workspaceId, made.manifest.keysetId, made.manifest, again), undefined)
  const { createdAt, previousHash, revision, rosterHash, rosterSeq, signature, signerId, ...same } = again
  assert.deepEqual([revision, rosterSeq, signerId], [2, 3, second.clientId])
  assert.deepEqual(rosterHash, rosterFormat.hash(without))
  for (const [name, value] of Object.entries(same)) {
    assert.deepEqual(value, made.manifest[name as keyof typeof same], name)
  }
  assert.ok(manifestFormat.isSignedBy(again, second.signPk))
})

test("who leaves with the roster cannot sign again under it", () => {
  const without = nextRoster(both, [second.granter], second.signer)
  assert.throws(() => signAgain(documents, without, admin.signer), { code: "not_a_granter" })
})

test("another audit key changes nothing else, and one of small order is never signed", () => {
  const next = rosterWithAuditKey(both, second.signPk, second.signer)
  assert.equal(rosterLinkProblem(workspaceId, root.publicKeys, both, next), undefined)
  assert.deepEqual([next.seq, next.auditKey, next.granters], [3, second.signPk, both.granters])
  assert.throws(() => rosterWithAuditKey(both, new Uint8Array(32), admin.signer), {
    code: "keyset_verification_failed",
    check: "audit key",
  })
  assert.throws(() => rosterWithAuditKey(roster, second.signPk, second.signer), { code: "not_a_granter" })
})
