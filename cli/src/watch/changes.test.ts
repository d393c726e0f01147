import assert from "node:assert/strict"
import { test } from "node:test"
import { utf8 } from "@halfkey/core/primitives/bytes"
import type { Secret } from "halfkey/secrets"
import { changesBetween, namesOf, seenOf } from "./changes.ts"

const secret = (name: string, value: string, version = 1, environment = "a"): Secret => ({
  id: name,
  name,
  environment,
  version,
  createdAt: "2026-01-01T00:00:00Z",
  updatedAt: "2026-01-01T00:00:00Z",
  value: utf8(value),
})

test("what came, went and has another value, in order of name; the same value again is no change", () => {
  const before = seenOf([secret("SAME", "1"), secret("GONE", "1"), secret("CHANGED", "1"), secret("__proto__", "1")])
  const now = seenOf([
    secret("SAME", "1", 2, "b"),
    secret("NEW", ""),
    secret("CHANGED", "2", 5, "b"),
    secret("__proto__", "1"),
  ])
  const changes = changesBetween(before, now)
  assert.deepEqual(changes, [
    { name: "CHANGED", environment: "b", change: "changed", version: 5 },
    { name: "GONE", environment: "a", change: "deleted", version: null },
    { name: "NEW", environment: "a", change: "added", version: 1 },
  ])
  assert.equal(namesOf(changes), "CHANGED, GONE (deleted), NEW (added)")
  assert.deepEqual(changesBetween(now, now), [])
})

test("what is kept of a value is not the value, and long lists are cut", () => {
  const kept = JSON.stringify([...seenOf([secret("A", "canary-value")])])
  assert.ok(!kept.includes("canary"))
  const many = seenOf(Array.from({ length: 12 }, (_, n) => secret(`N${String(n).padStart(2, "0")}`, "x")))
  assert.match(namesOf(changesBetween(new Map(), many)), /^N00 \(added\), .*N09 \(added\) and 2 more$/)
})
