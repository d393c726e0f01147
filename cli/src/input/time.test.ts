import assert from "node:assert/strict"
import { test } from "node:test"
import { dateMs, spanMs } from "./time.ts"

test("spans have one unit", () => {
  const spans = { "90s": 90_000, "15m": 900_000, "12h": 43_200_000, "30d": 2_592_000_000, "2w": 1_209_600_000 }
  for (const [text, ms] of Object.entries(spans)) assert.equal(spanMs(text), ms)
  for (const text of ["", "30", "d", "0d", "-1d", "1y", "1.5d", "1h30m", "99999999d", "2026-01-01"]) {
    assert.equal(spanMs(text), undefined, text)
  }
})

test("dates are in UTC, with or without a time", () => {
  assert.equal(dateMs("2027-01-31"), Date.UTC(2027, 0, 31))
  assert.equal(dateMs("2027-01-31T12:00:00Z"), Date.UTC(2027, 0, 31, 12))
  assert.equal(dateMs("2027-01-31T12:00:00.125Z"), Date.UTC(2027, 0, 31, 12, 0, 0, 125))
  for (const text of ["", "2026-13-01", "tomorrow", "2026-06-01 12:00", "2026-06-01T12:00", "2h"]) {
    assert.equal(dateMs(text), undefined, text)
  }
})
