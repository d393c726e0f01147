// The exact bytes are in spec/vectors/record.json; here is what they depend on.
import assert from "node:assert/strict"
import { test } from "node:test"
import fc from "fast-check"
import type { KeysetId, WorkspaceId } from "../formats/ids.ts"
import { toHex } from "../primitives/bytes.ts"
import { hmacKey } from "../primitives/hash.ts"
import { bytes, property, withBitTurned } from "../testing/property.ts"
import { deriveDataKey, recordPrk, recordSalt } from "./data-key.ts"

const context = {
  purpose: "secret",
  workspaceId: "ABCDEFGHIJKLMNOPQRSTUVWXYZ" as WorkspaceId,
  keysetId: "11111111-2222-4333-8444-555555555555" as KeysetId,
  name: "A",
  version: 1,
} as const

property(
  "both halves and every bit of the header decide the data key",
  fc.tuple(bytes(32), bytes(32), bytes(56), fc.nat(255)),
  ([half, seed, header, bit]) => {
    const key = (g: Uint8Array, s: Uint8Array, h: Uint8Array, place = context) => {
      const { dek, commit } = deriveDataKey(recordPrk(g, s), h, place)
      return [toHex(dek), toHex(commit)]
    }
    const all = [
      ...key(half, seed, header),
      ...key(withBitTurned(half, bit), seed, header),
      ...key(half, withBitTurned(seed, bit), header),
      ...key(half, seed, withBitTurned(header, bit)),
      ...key(half, seed, header, { ...context, version: 2 } as never),
    ]
    assert.equal(new Set(all).size, 10)
    assert.deepEqual(recordPrk(hmacKey(half), seed), recordPrk(half, seed))
  },
  100,
)

property(
  "the salt is hedged: either good randomness or another plaintext gives another one",
  fc.tuple(bytes(32), bytes(32), bytes(1, 40), fc.nat(7)),
  ([prk, random, plaintext, bit]) => {
    const salt = (r: Uint8Array, p: Uint8Array, version = 1) => toHex(recordSalt(prk, r, { ...context, version }, p))
    const all = [
      salt(random, plaintext),
      salt(withBitTurned(random, bit), plaintext),
      salt(random, withBitTurned(plaintext, bit)),
      salt(random, plaintext, 2),
    ]
    assert.equal(new Set(all).size, 4)
    for (const each of all) assert.equal(each.length, 32)
    assert.equal(salt(random, plaintext), all[0], "and with the same of both the same")
  },
  100,
)

test("the plaintext given is not wiped with the copy of it", () => {
  const plaintext = new Uint8Array([1, 2, 3])
  recordSalt(new Uint8Array(32), new Uint8Array(32), context, plaintext)
  assert.deepEqual(plaintext, new Uint8Array([1, 2, 3]))
  assert.throws(() => recordSalt(new Uint8Array(32), new Uint8Array(31), context, plaintext), RangeError)
})
