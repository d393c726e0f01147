import assert from "node:assert/strict"
import { test } from "node:test"
import type { Settings } from "../settings/resolve.ts"
import { maxStaleOf } from "./max-stale.ts"

const day = 86_400
const set = (value: string): Settings => ({ maxStale: { value, source: "variable", from: "HALFKEY_MAX_STALE" } })

test("without anything there is no cache; 0 switches it off", () => {
  assert.equal(maxStaleOf({}, {}), undefined)
  assert.equal(maxStaleOf({}, set("0")), undefined)
  assert.equal(maxStaleOf({ maxStale: "0" }, set("2h")), undefined)
})

test("what is set is kept; what is typed allows less, and more only where nothing is set", () => {
  assert.deepEqual(maxStaleOf({}, set("2h")), { seconds: 7200, keepFor: 7200 })
  assert.deepEqual(maxStaleOf({ maxStale: "90s" }, set("2h")), { seconds: 90, keepFor: 7200 })
  assert.deepEqual(maxStaleOf({ maxStale: "2d" }, set("2h")), { seconds: 2 * day, keepFor: 7200 })
  assert.deepEqual(maxStaleOf({ maxStale: "90s" }, {}), { seconds: 90, keepFor: day })
  assert.deepEqual(maxStaleOf({ maxStale: "2d" }, {}), { seconds: 2 * day, keepFor: 2 * day })
})

test("offline takes what is set, or a day", () => {
  assert.deepEqual(maxStaleOf({ offline: true }, {}), { seconds: day, keepFor: day })
  assert.deepEqual(maxStaleOf({ offline: true }, set("0")), { seconds: day, keepFor: day })
  assert.deepEqual(maxStaleOf({ offline: true }, set("2h")), { seconds: 7200, keepFor: 7200 })
  assert.deepEqual(maxStaleOf({ offline: true, maxStale: "5m" }, {}), { seconds: 300, keepFor: day })
})

test("what is no span, or too long a one, is refused with what to type", () => {
  for (const maxStale of ["", "1", "-1h", "1.5h", "1y", "31d", "off"]) {
    assert.throws(() => maxStaleOf({ maxStale }, {}), { code: "invalid_argument" }, maxStale)
  }
  assert.throws(() => maxStaleOf({}, set("forever")), {
    code: "invalid_configuration",
    message: "the maxStale of HALFKEY_MAX_STALE is no span of time",
  })
  assert.throws(() => maxStaleOf({ maxStale: "0", offline: true }, {}), { code: "invalid_argument" })
})
