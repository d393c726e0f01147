import assert from "node:assert/strict"
import { test } from "node:test"
import { RecentMap } from "./recent-map.ts"

test("keeps what is used and forgets what is not, within twice its capacity", () => {
  const map = new RecentMap<number, number>(10)
  for (let key = 0; key < 1000; key++) {
    map.set(key, key)
    assert.equal(map.get(0), 0)
  }
  const held = Array.from({ length: 1000 }, (_, key) => map.get(key)).filter((value) => value !== undefined)
  assert.ok(held.length <= 20, `${held.length}`)
})

test("weighs what it holds", () => {
  const map = new RecentMap<string, string>(100, (value) => value.length)
  for (let key = 0; key < 50; key++) map.set(`${key}`, "x".repeat(30))
  const held = Array.from({ length: 50 }, (_, key) => map.get(`${key}`)).filter((value) => value !== undefined)
  assert.ok(held.length >= 1 && held.length <= 6, `${held.length}`)
})

test("what is deleted is gone from both halves", () => {
  const map = new RecentMap<string, number>(2)
  for (const key of ["a", "b", "c"]) map.set(key, 1)
  for (const key of ["a", "b", "c"]) map.delete(key)
  for (const key of ["a", "b", "c"]) assert.equal(map.get(key), undefined)
})
