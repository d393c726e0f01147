import assert from "node:assert/strict"
import { test } from "node:test"
import { isProblemCode, problemCodes } from "./problem-codes.ts"

const rows = Object.entries(problemCodes)

test("every code is a stable name, and every title a short phrase without a full stop", () => {
  for (const [code, { title }] of rows) {
    assert.match(code, /^[a-z]+(?:_[a-z]+)*$/)
    assert.match(title, /^[a-zA-Z].{5,70}[^.]$/, code)
  }
})

test("a status is one of HTTP's errors, or 0 for what never travels", () => {
  for (const [code, { status }] of rows) assert.ok(status === 0 || (status >= 400 && status < 600), code)
})

test("what HTTP says and what the shell hears belong together", () => {
  const exits: Record<number, number> = { 401: 4, 403: 4, 404: 3, 409: 5, 429: 6, 503: 6, 507: 6 }
  for (const [code, { status, exit }] of rows) {
    if (status in exits) assert.equal(exit, exits[status], code)
    assert.ok(exit > 0, `${code} is a failure, so it never exits with 0`)
  }
})

test("only what may pass is worth repeating", () => {
  const retryable = rows.filter(([, row]) => row.retryable).map(([code]) => code)
  assert.deepEqual(retryable.sort(), ["rate_limited", "server_unreachable", "timeout", "unavailable"])
})

test("names of other things are no codes", () => {
  for (const name of ["toString", "__proto__", "", "Rate_limited"]) assert.ok(!isProblemCode(name))
  assert.ok(isProblemCode("rate_limited"))
})
