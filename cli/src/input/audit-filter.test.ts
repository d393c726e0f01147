import assert from "node:assert/strict"
import { test } from "node:test"
import { auditFilterFrom } from "./audit-filter.ts"

const now = Date.UTC(2026, 0, 31, 12)
const id = "6b0c0a52-77d5-8f0e-9c2e-2d1f5c3b9a10"
const given = (flags: object) =>
  Object.fromEntries(Object.entries(auditFilterFrom({ ...flags }, now)).filter(([, value]) => value !== undefined))

test("times are spans back from now, or dates", () => {
  assert.deepEqual(given({ since: "2h", until: "15m" }), {
    since: "2026-01-31T10:00:00.000Z",
    until: "2026-01-31T11:45:00.000Z",
  })
  assert.deepEqual(given({ since: "2026-01-30" }), { since: "2026-01-30T00:00:00.000Z" })
  for (const since of ["", "2", "yesterday", "99999w"]) {
    assert.throws(() => auditFilterFrom({ since }, now), { code: "invalid_argument" }, since)
  }
})

test("clients and keys are ids, never whole keys", () => {
  assert.deepEqual(given({ client: id.toUpperCase(), key: "abcdefgh234567ab" }), {
    client: id,
    apiKey: "abcdefgh234567ab",
  })
  assert.throws(() => auditFilterFrom({ client: "me" }, now), { code: "invalid_argument" })
  assert.throws(
    () => auditFilterFrom({ key: "hkak_canary" }, now),
    (error: Error) => !error.message.includes("canary"),
  )
})

test("--denied is short for an outcome", () => {
  assert.deepEqual(given({ denied: true }), { outcome: "denied" })
  assert.deepEqual(given({ outcome: "allowed", name: "A", action: "secret.read" }), {
    outcome: "allowed",
    name: "A",
    action: "secret.read",
  })
  assert.throws(() => auditFilterFrom({ denied: true, outcome: "allowed" }, now), { code: "invalid_argument" })
})
