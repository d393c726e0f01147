import assert from "node:assert/strict"
import { test } from "node:test"
import { closest } from "./closest.ts"

const environments = ["production", "staging", "development"]

test("typing errors and beginnings find the name that was meant", () => {
  for (const [typed, meant] of [
    ["prodution", "production"],
    ["pordcution", "production"],
    ["prod", "production"],
    ["dev", "development"],
    ["stagin", "staging"],
    ["stagging", "staging"],
  ] as const) {
    assert.equal(closest(typed, environments), meant, typed)
  }
})

test("what is far from every name suggests nothing", () => {
  for (const typed of ["x", "qa", "", "preview", "constructor"]) {
    assert.equal(closest(typed, environments), undefined, typed)
  }
  assert.equal(closest("production", []), undefined)
})
