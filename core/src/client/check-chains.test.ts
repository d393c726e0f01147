// Every refusal is in spec/vectors/load-keyset.json; here are the functions that others call too.
import assert from "node:assert/strict"
import { test } from "node:test"
import { rosterFormat } from "../formats/roster.ts"
import { TestWorkspace } from "../testing/workspace.ts"
import { checkManifests, checkRoot, checkRosters } from "./check-chains.ts"

const workspace = await TestWorkspace.create()
const { root, roster, admin } = workspace
const { workspaceId, publicKeys } = root
const failed = (check: string) => ({ code: "keyset_verification_failed", check })

test("the root's keys must be those that the CRN commits to", async () => {
  checkRoot(workspaceId, publicKeys)
  const other = (await TestWorkspace.create(1)).root.publicKeys
  for (const keys of [other, { ...publicKeys, signPk: other.signPk }, { ...publicKeys, kemPk: other.kemPk }]) {
    assert.throws(() => checkRoot(workspaceId, keys), failed("root"))
  }
})

test("the newest roster of a good chain is returned", () => {
  assert.equal(checkRosters(workspaceId, publicKeys, [roster]), roster)
  const { signature: _, ...fields } = roster
  const previousHash = rosterFormat.hash(roster)
  const changes = { seq: 2, previousHash, signerId: admin.clientId }
  const second = rosterFormat.sign({ ...fields, ...changes }, admin.identity.signingKey)
  assert.equal(checkRosters(workspaceId, publicKeys, [roster, second]), second)
  for (const chain of [[], [second], [second, roster], [roster, roster]]) {
    assert.throws(() => checkRosters(workspaceId, publicKeys, chain), failed("roster"))
  }
})

test("the newest manifest of a good chain is returned", async () => {
  const made = await workspace.keyset()
  assert.equal(checkManifests(workspaceId, workspace.bundle(made), roster), made.manifest)
  assert.throws(
    () => checkManifests(workspaceId, { ...workspace.bundle(made), manifests: [] }, roster),
    failed("manifest"),
  )
})
