import assert from "node:assert/strict"
import { test } from "node:test"
import { compareVersions, isInRange } from "./version-range.ts"

/** Range, versions in it, versions that are not. */
const cases: readonly (readonly [string, string, string])[] = [
  ["^1.2.3", "1.2.3 1.9.0 1.2.4", "1.2.2 2.0.0 0.9.9 2.0.0-beta.1"],
  ["^0.2.3", "0.2.3 0.2.9", "0.2.2 0.3.0 1.0.0"],
  ["^0.0.3", "0.0.3", "0.0.4 0.1.0"],
  ["^0", "0.0.1 0.9.9", "1.0.0"],
  ["^0.0", "0.0.9", "0.1.0"],
  ["^1", "1.0.0 1.99.0", "2.0.0"],
  ["~1.2", "1.2.0 1.2.9", "1.3.0 1.1.9"],
  ["~1", "1.0.0 1.9.0", "2.0.0"],
  ["~1.2.3", "1.2.3 1.2.9", "1.2.2 1.3.0"],
  ["1.2.3", "1.2.3 v1.2.3 1.2.3+build", "1.2.4 1.2.2"],
  ["=1.2.3", "1.2.3", "1.2.4"],
  ["1.2", "1.2.0 1.2.9", "1.3.0"],
  ["1.x", "1.0.0 1.9.9", "2.0.0 0.9.0"],
  ["1.2.*", "1.2.5", "1.3.0"],
  ["*", "0.0.1 9.9.9", ""],
  ["", "0.0.1 9.9.9", ""],
  [">=0.1", "0.1.0 3.0.0", "0.0.9"],
  [">= 0.1.0 < 0.3", "0.1.0 0.2.9", "0.3.0 0.0.1"],
  [">1.2", "1.3.0 2.0.0", "1.2.0 1.2.9"],
  [">1.2.3", "1.2.4", "1.2.3"],
  ["<=1.2", "1.2.9 0.1.0", "1.3.0"],
  ["<1.2.3", "1.2.2 1.2.3-beta", "1.2.3"],
  ["1.0.0 || ^2.1", "1.0.0 2.1.0 2.9.0", "1.0.1 2.0.9 3.0.0"],
  ["^1.0.0-beta.2", "1.0.0-beta.2 1.0.0-beta.10 1.0.0", "1.0.0-beta.1 1.0.0-alpha"],
]

test("ranges as npm reads them", () => {
  for (const [range, inside, outside] of cases) {
    for (const version of inside.split(" ").filter(Boolean))
      assert.equal(isInRange(version, range), true, `${version} in ${range}`)
    for (const version of outside.split(" ").filter(Boolean))
      assert.equal(isInRange(version, range), false, `${version} not in ${range}`)
  }
})

test("what is no range cannot be compared; what is no version is an error", () => {
  for (const range of ["latest", "workspace:*", "file:../halfkey", "git+ssh://x", "1.2.3 - 2", "^1.2.3.4"]) {
    assert.equal(isInRange("1.0.0", range), undefined, range)
  }
  assert.throws(() => isInRange("latest", "1"), RangeError)
  assert.throws(() => compareVersions("1.0", "1.0.0"), RangeError)
})

test("versions are in order, pre-releases before what they lead to", () => {
  const ordered = [
    "0.9.0",
    "1.0.0-1",
    "1.0.0-2",
    "1.0.0-alpha",
    "1.0.0-alpha.1",
    "1.0.0-beta",
    "1.0.0",
    "1.0.1",
    "1.10.0",
  ]
  const shuffled = ordered.toReversed()
  assert.deepEqual(shuffled.toSorted(compareVersions), ordered)
  assert.equal(compareVersions("1.0.0", "1.0.0+build"), 0)
})
