import assert from "node:assert/strict"
import { test } from "node:test"
import { grouped } from "./grouped.ts"

test("items are grouped by their key, in the order in which they came", () => {
  const groups = grouped(["bb", "a", "cc", "d"], (text) => text.length)
  assert.deepEqual(
    [...groups],
    [
      [2, ["bb", "cc"]],
      [1, ["a", "d"]],
    ],
  )
  assert.deepEqual([...grouped([], String)], [])
})
