// Vectors and refusals are in spec/vectors/grant.json; here is what goes from sealing to opening.
import assert from "node:assert/strict"
import { test } from "node:test"
import { newKeysetId } from "../formats/ids.ts"
import { TestWorkspace } from "../testing/workspace.ts"
import * as halves from "./client-half.ts"

const workspace = await TestWorkspace.create()
const { admin, root, random } = workspace
const place = { workspaceId: root.workspaceId, keysetId: newKeysetId(random), epoch: 1 }
const half = halves.newClientHalf(random)

test("a half has 32 bytes and is never the same", () => {
  assert.equal(half.length, 32)
  assert.notDeepEqual(halves.newClientHalf(random), half)
})

test("a grant opens for its member alone, a recovery grant for the root alone", async () => {
  const other = await workspace.client()
  const grant = await halves.sealGrant(place, admin, half)
  assert.equal(grant.selfWrap, undefined)
  assert.deepEqual(await halves.openGrant(place, grant, admin.identity), half)
  assert.equal(await halves.openGrant(place, grant, other.identity), undefined)
  const recovery = await halves.sealRecoveryGrant(place, root.publicKeys.kemPk, half)
  assert.deepEqual(await halves.openRecoveryGrant(place, recovery, root), half)
  const asRecovery = { keysetId: place.keysetId, epoch: 1, enc: grant.enc, sealedHalf: grant.sealedHalf }
  assert.equal(await halves.openRecoveryGrant(place, asRecovery, root), undefined)
})

test("a self-wrap opens, and two of the same half share no byte in a row", () => {
  const [first, second] = [0, 1].map(() => halves.sealSelfWrap(place, half, admin.identity, random))
  assert.deepEqual(halves.openSelfWrap(place, first as Uint8Array, admin.identity), half)
  assert.notDeepEqual(first?.subarray(0, 12), second?.subarray(0, 12))
  assert.notDeepEqual(first?.subarray(12), second?.subarray(12))
})

test("a malformed X-Wing key is refused, and the error says whose it is", async () => {
  const malformed = admin.kemPk.map((byte, index) => (index < 1152 ? 0xff : byte))
  const encrypting = { code: "encryption_failed" }
  const named = { ...encrypting, message: new RegExp(`nothing can be sealed to client ${admin.clientId}`) }
  await assert.rejects(halves.sealGrant(place, { clientId: admin.clientId, kemPk: malformed }, half), named)
  await assert.rejects(halves.sealRecoveryGrant(place, malformed, half), {
    ...encrypting,
    message: /the workspace root/,
  })
})

test("what is no half is not sealed", async () => {
  await assert.rejects(halves.sealGrant(place, admin, new Uint8Array(31)), RangeError)
})
