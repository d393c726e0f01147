import assert from "node:assert/strict"
import { test } from "node:test"
import { ageText } from "./age-text.ts"

test("ages are told in the unit that people would take", () => {
  const ages = [0, 119, 120, 7199, 7200, 172_799, 172_800, 30 * 86_400]
  assert.deepEqual(ages.map(ageText), ["0 s", "119 s", "2 min", "120 min", "2 h", "48 h", "2 d", "30 d"])
})
