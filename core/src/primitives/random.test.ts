import assert from "node:assert/strict"
import { test } from "node:test"
import { toHex } from "./bytes.ts"
import { systemRandom } from "./random.ts"

test("random bytes have the length asked for, own their memory, and do not repeat", () => {
  for (const length of [0, 1, 16, 32, 1000]) {
    const bytes = systemRandom(length)
    assert.equal(bytes.length, length)
    assert.equal(bytes.buffer.byteLength, length)
    assert.equal(bytes.constructor, Uint8Array)
  }
  const seen = new Set(Array.from({ length: 1000 }, () => toHex(systemRandom(16))))
  assert.equal(seen.size, 1000)
})
