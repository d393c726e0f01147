import assert from "node:assert/strict"
import { test } from "node:test"
import { TestWorkspace } from "../testing/workspace.ts"
import { clientKeysProblem } from "./client-keys.ts"
import { clientIdOf, type WorkspaceId } from "./ids.ts"

const { admin, root } = await TestWorkspace.create()
const keys = { clientId: admin.clientId, signPk: admin.signPk, kemPk: admin.kemPk }

test("keys are accepted when the client id commits to them", () => {
  assert.equal(clientKeysProblem(root.workspaceId, keys), undefined)
})

test("keys of another client, or the same in another workspace, do not hash to the id", () => {
  const problem = `the keys of client ${admin.clientId} do not hash to its id`
  assert.equal(clientKeysProblem("A".repeat(26) as WorkspaceId, keys), problem)
  assert.equal(clientKeysProblem(root.workspaceId, { ...keys, signPk: root.publicKeys.signPk }), problem)
  assert.equal(clientKeysProblem(root.workspaceId, { ...keys, kemPk: root.publicKeys.kemPk }), problem)
})

test("a signing key of small order is refused even when the id commits to it", () => {
  const signPk = new Uint8Array(32)
  const clientId = clientIdOf(root.workspaceId, signPk, admin.kemPk)
  assert.match(
    clientKeysProblem(root.workspaceId, { clientId, signPk, kemPk: admin.kemPk }) ?? "",
    /not a usable Ed25519 key/,
  )
})
