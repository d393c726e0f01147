// The exact bytes are in spec/vectors/key-seed.json.
import assert from "node:assert/strict"
import { test } from "node:test"
import { inspect } from "node:util"
import fc from "fast-check"
import type { KeysetId, WorkspaceId } from "../formats/ids.ts"
import { toHex } from "../primitives/bytes.ts"
import { bytes, property, withBitTurned } from "../testing/property.ts"
import { foreseeable } from "../testing/workspace.ts"
import { newAuthorityKey, SeedMaker } from "./authority-key.ts"

const workspaceId = "ABCDEFGHIJKLMNOPQRSTUVWXYZ" as WorkspaceId
const keysetId = "11111111-2222-4333-8444-555555555555" as KeysetId

property(
  "a seed depends on the authority key, the place and every bit of the key id",
  fc.tuple(bytes(32), bytes(16), fc.nat(127)),
  ([key, keyId, bit]) => {
    const seed = (a: Uint8Array, epoch: number, id: Uint8Array, keyset = keysetId) =>
      toHex(new SeedMaker(a, workspaceId, keyset, epoch).seed(id))
    const all = [
      seed(key, 1, keyId),
      seed(withBitTurned(key, bit), 1, keyId),
      seed(key, 2, keyId),
      seed(key, 1, withBitTurned(keyId, bit)),
      seed(key, 1, keyId, "11111111-2222-4333-8444-555555555556" as KeysetId),
    ]
    assert.equal(new Set(all).size, 5)
  },
  100,
)

test("one maker gives the same seeds in any order: nothing is left of the one before", () => {
  const maker = new SeedMaker(new Uint8Array(32), workspaceId, keysetId, 1)
  const ids = [new Uint8Array(16), new Uint8Array(16).fill(1), new Uint8Array(16).fill(255)]
  const forwards = ids.map((id) => toHex(maker.seed(id)))
  assert.deepEqual(
    ids.toReversed().map((id) => toHex(maker.seed(id))),
    forwards.toReversed(),
  )
})

test("the authority key is copied, so that its bytes can be wiped, and prints nothing", () => {
  const key = newAuthorityKey(foreseeable())
  const maker = new SeedMaker(key, workspaceId, keysetId, 1)
  const before = maker.seed(new Uint8Array(16))
  const shown = [...key.subarray(0, 4)].join(", ")
  key.fill(0)
  assert.deepEqual(maker.seed(new Uint8Array(16)), before)
  assert.ok(!inspect(maker, { depth: 9, showHidden: true }).includes(shown))
})

test("a key id of another length is a programming error", () => {
  const maker = new SeedMaker(new Uint8Array(32), workspaceId, keysetId, 1)
  for (const length of [0, 15, 17]) assert.throws(() => maker.seed(new Uint8Array(length)), RangeError)
})
