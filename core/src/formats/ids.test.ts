import assert from "node:assert/strict"
import { test } from "node:test"
import fc from "fast-check"
import { toHex } from "../primitives/bytes.ts"
import { bytes, property, withBitTurned } from "../testing/property.ts"
import * as ids from "./ids.ts"

property("a UUID is its bytes, in exactly one spelling", bytes(16), (sixteen) => {
  const text = ids.uuidFromBytes(sixteen)
  assert.ok(ids.isKeysetId(text))
  assert.deepEqual(ids.uuidBytes(text), sixteen)
  assert.ok(!ids.isKeysetId(`${text}\n`))
  if (/[a-f]/.test(text)) assert.ok(!ids.isKeysetId(text.toUpperCase()))
})

property(
  "client ids are UUIDv8, key set ids UUIDv4, and the one is never the other",
  bytes(32),
  (random) => {
    const workspaceId = ids.workspaceIdOf(random, new Uint8Array(1216))
    const clientId = ids.clientIdOf(workspaceId, random, new Uint8Array(1216))
    const keysetId = ids.newKeysetId((length) => random.slice(0, length))
    assert.match(clientId, /^.{8}-.{4}-8.{3}-[89ab].{3}-.{12}$/)
    assert.match(keysetId, /^.{8}-.{4}-4.{3}-[89ab].{3}-.{12}$/)
    assert.ok(ids.isClientId(clientId) && !ids.isClientId(keysetId))
    assert.ok(ids.isWorkspaceId(workspaceId) && !ids.isWorkspaceId(clientId))
  },
  50,
)

property(
  "one bit of either key gives another id",
  fc.tuple(bytes(32), bytes(1216), fc.nat(255)),
  ([signPk, kemPk, bit]) => {
    const workspaceId = ids.workspaceIdOf(signPk, kemPk)
    const all = [
      workspaceId,
      ids.workspaceIdOf(withBitTurned(signPk, bit), kemPk),
      ids.workspaceIdOf(signPk, withBitTurned(kemPk, bit)),
      ids.clientIdOf(workspaceId, signPk, kemPk),
      ids.clientIdOf(workspaceId, withBitTurned(signPk, bit), kemPk),
      ids.clientIdOf(workspaceId, signPk, withBitTurned(kemPk, bit)),
      ids.clientIdOf("A".repeat(26) as ids.WorkspaceId, signPk, kemPk),
    ]
    assert.equal(new Set<string>(all).size, all.length)
  },
  50,
)

test("a signer is 26 characters when it is the root and 16 bytes when it is a client", () => {
  const workspaceId = "ABCDEFGHIJKLMNOPQRSTUVWXYZ" as ids.WorkspaceId
  assert.equal(ids.signerBytes(workspaceId).length, 26)
  const clientId = ids.clientIdOf(workspaceId, new Uint8Array(32), new Uint8Array(1216))
  assert.deepEqual(ids.signerBytes(clientId), ids.uuidBytes(clientId))
})

test("what is no UUID gives no bytes", () => {
  assert.throws(() => ids.uuidBytes("00000000-0000-8000-8000-00000000000" as ids.ClientId), RangeError)
  assert.throws(() => ids.uuidBytes("zz000000-0000-8000-8000-000000000000" as ids.ClientId), RangeError)
  assert.throws(() => ids.uuidFromBytes(new Uint8Array(15)), RangeError)
  assert.equal(toHex(ids.uuidBytes("00000000-0000-8000-8000-0000000000ff" as ids.ClientId)).slice(-2), "ff")
})
