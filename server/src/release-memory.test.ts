import assert from "node:assert/strict"
import { test } from "node:test"
import { releaseMemory } from "./release-memory.ts"

test("what nothing refers to any more is given back, and what is used stays", () => {
  const used = Array.from({ length: 1000 }, (_, index) => ({ index }))
  let left: unknown[] | undefined = Array.from({ length: 500_000 }, (_, index) => ({ index }))
  const before = process.memoryUsage().heapTotal
  assert.equal(left.length, 500_000)
  left = undefined
  releaseMemory()
  assert.ok(process.memoryUsage().heapTotal < before - 10_000_000)
  assert.deepEqual(used.at(-1), { index: 999 })
})

test("nobody can collect by hand afterwards", () => {
  releaseMemory()
  assert.equal((globalThis as { gc?: unknown }).gc, undefined)
})
