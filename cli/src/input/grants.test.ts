import assert from "node:assert/strict"
import { test } from "node:test"
import { environmentsFrom, expiryTime, narrowingFrom } from "./grants.ts"

const now = Date.UTC(2026, 0, 1)

test("an expiry is a span from now or a time", () => {
  assert.equal(expiryTime("30d", now), "2026-01-31T00:00:00.000Z")
  assert.equal(expiryTime("12h", now), "2026-01-01T12:00:00.000Z")
  assert.equal(expiryTime("90m", now), "2026-01-01T01:30:00.000Z")
  assert.equal(expiryTime("2w", now), "2026-01-15T00:00:00.000Z")
  assert.equal(expiryTime("2027-01-31", now), "2027-01-31T00:00:00.000Z")
  assert.equal(expiryTime("2027-01-31T12:00:00Z", now), "2027-01-31T12:00:00.000Z")
})

test("what is no future time is refused", () => {
  for (const text of [
    "",
    "30",
    "d",
    "0d",
    "-1d",
    "1y",
    "1.5d",
    "2026-13-01",
    "tomorrow",
    "2026-06-01 12:00",
    "99999999d",
  ]) {
    assert.throws(() => expiryTime(text, now), { code: "invalid_argument" }, text)
  }
  assert.throws(() => expiryTime("2025-12-31", now), { message: "--expires is in the past" })
})

test("narrowing holds only what was asked for", () => {
  assert.deepEqual(narrowingFrom({}, now), {})
  assert.deepEqual(narrowingFrom({ readOnly: true, network: ["10.0.0.0/8"], expires: "1d" }, now), {
    readOnly: true,
    networks: ["10.0.0.0/8"],
    expiresAt: "2026-01-02T00:00:00.000Z",
  })
})

test("environments are named at least once, and counted once", () => {
  assert.deepEqual(environmentsFrom({ environment: ["a", "b", "a"] }), ["a", "b"])
  assert.deepEqual(environmentsFrom({ environment: "a" }), ["a"])
  assert.throws(() => environmentsFrom({}), { message: "no environment was named" })
})
