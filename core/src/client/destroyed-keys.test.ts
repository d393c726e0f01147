import assert from "node:assert/strict"
import { test } from "node:test"
import { inspect } from "node:util"
import { KeyBytes } from "../primitives/key-bytes.ts"
import { systemRandom } from "../primitives/random.ts"
import { sealSelfWrap } from "./client-half.ts"
import { ClientIdentity } from "./client-identity.ts"
import { WorkspaceRoot } from "./workspace-root.ts"

// Zeros are a key that everybody knows: sealing with a destroyed one would publish what it seals.
const destroyed = /after they were destroyed/

test("destroyed key bytes are zeros and are given to nobody", () => {
  const bytes = systemRandom(32)
  const key = new KeyBytes(bytes)
  assert.equal(key.expose(), bytes)
  key.destroy()
  assert.deepEqual(bytes, new Uint8Array(32))
  assert.throws(() => key.expose(), destroyed)
  assert.equal(inspect(key), "[redacted]")
})

test("a destroyed identity and a destroyed root derive no key", async () => {
  const root = await WorkspaceRoot.create(systemRandom)
  const identity = await ClientIdentity.create(root.workspaceId, systemRandom)
  const place = { workspaceId: root.workspaceId, keysetId: "0".repeat(8) as never, epoch: 1 }
  identity.destroy()
  root.destroy()
  assert.throws(() => identity.clientKeyText(), destroyed)
  assert.throws(() => identity.signingKey, destroyed)
  assert.throws(() => sealSelfWrap(place, systemRandom(32), identity, systemRandom), destroyed)
  assert.throws(() => root.recoveryKit(), destroyed)
  assert.throws(() => root.kemPrivateKey(), destroyed)
})
