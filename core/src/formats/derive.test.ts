import assert from "node:assert/strict"
import { test } from "node:test"
import { toHex } from "../primitives/bytes.ts"
import { bytes, property } from "../testing/property.ts"
import { type DerivationLabel, derive } from "./derive.ts"

const labels: DerivationLabel[] = ["workspace/sign", "workspace/kem", "client/sign", "client/kem", "client/self-wrap"]

property(
  "no two labels and no two seeds give the same key",
  bytes(32),
  (seed) => {
    const other = new Uint8Array(seed)
    other[31] = (other[31] as number) ^ 1
    const keys = [seed, other].flatMap((each) => labels.map((label) => toHex(derive(each, label, 32))))
    assert.equal(new Set(keys).size, 2 * labels.length)
  },
  50,
)

test("the seed is left as it is, since the caller wipes it", () => {
  const seed = new Uint8Array(32).fill(1)
  assert.equal(derive(seed, "client/sign", 32).length, 32)
  assert.deepEqual(seed, new Uint8Array(32).fill(1))
})
