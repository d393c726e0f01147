import assert from "node:assert/strict"
import { test } from "node:test"
import { inspect } from "node:util"
import { workspaceIdOf } from "../formats/ids.ts"
import { toHex } from "../primitives/bytes.ts"
import { xWingPublicKey } from "../primitives/hpke-x-wing.ts"
import { foreseeable } from "../testing/workspace.ts"
import { WorkspaceRoot } from "./workspace-root.ts"

const root = await WorkspaceRoot.create(foreseeable())

test("the recovery kit gives the same root again", async () => {
  const kit = root.recoveryKit()
  assert.match(kit, /^hkrk_[\w-]{48}$/)
  const again = await WorkspaceRoot.fromRecoveryKit(kit)
  assert.deepEqual([again.workspaceId, again.publicKeys], [root.workspaceId, root.publicKeys])
  await assert.rejects(WorkspaceRoot.fromRecoveryKit(kit.slice(0, -1)), { code: "invalid_key_text" })
})

test("the workspace id commits to both public keys, which belong to the private ones", async () => {
  const { signPk, kemPk } = root.publicKeys
  assert.equal(workspaceIdOf(signPk, kemPk), root.workspaceId)
  assert.deepEqual(root.signingKey.publicKey, signPk)
  assert.deepEqual(await xWingPublicKey(root.kemPrivateKey()), kemPk)
})

test("a root prints neither its bytes nor its kit", () => {
  const printed = inspect(root, { depth: 9, showHidden: true }) + JSON.stringify(root) + String(root)
  assert.ok(!printed.includes(root.recoveryKit().slice(5, 20)))
  const kem = root.kemPrivateKey()
  assert.ok(!printed.includes(toHex(kem)) && !printed.includes([...kem.subarray(0, 4)].join(", ")))
})
