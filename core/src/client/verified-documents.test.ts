import assert from "node:assert/strict"
import { test } from "node:test"
import { manifestFormat } from "../formats/manifest.ts"
import { rosterFormat } from "../formats/roster.ts"
import { TestWorkspace } from "../testing/workspace.ts"
import { type KeysetBundle, loadKeyset, verifyDocuments } from "./load-keyset.ts"
import { signNext } from "./next-manifest.ts"
import type { VerifiedDocuments } from "./verified-documents.ts"

const workspace = await TestWorkspace.create()
const { admin, root, roster } = workspace
const made = await workspace.keyset()
const bundle = workspace.bundle(made)
const { workspaceId } = root
const expected = { name: "production" }

function verified(served: KeysetBundle, more: { readonly requireRecovery?: boolean } = {}): VerifiedDocuments {
  return verifyDocuments({ workspaceId, bundle: served, expected, ...more })
}

test("documents are verified without grants, by anybody who knows the workspace id", () => {
  const documents = verified({ ...bundle, grants: [] })
  assert.deepEqual([documents.manifest, documents.roster, documents.root], [made.manifest, roster, root.publicKeys])
  assert.deepEqual(documents.manifestHash, manifestFormat.hash(made.manifest))
  assert.deepEqual(documents.rosterHash, rosterFormat.hash(roster))
})

test("a key set that is disabled can be signed on, and opened by nobody", async () => {
  const manifest = signNext(verified(bundle), { state: "disabled" }, admin.signer)
  const served = { ...bundle, manifests: [manifest] }
  assert.equal(verified(served).manifest.state, "disabled")
  await assert.rejects(loadKeyset({ identity: admin.identity, bundle: served, expected }), { code: "keyset_disabled" })
})

test("whatever was changed in them is refused by its check", () => {
  const changed = { ...made.manifest, versionFloor: 1 }
  const attempts: [KeysetBundle, string][] = [
    [{ ...bundle, root: { ...root.publicKeys, signPk: admin.signPk } }, "root"],
    [{ ...bundle, rosters: [{ ...roster, createdAt: 0 }] }, "roster"],
    [{ ...bundle, manifests: [changed] }, "signature"],
    [{ ...bundle, recoveryGrants: [] }, "recovery"],
  ]
  for (const [served, check] of attempts) {
    assert.throws(() => verified(served, { requireRecovery: true }), { code: "keyset_verification_failed", check })
  }
})
