import assert from "node:assert/strict"
import { test } from "node:test"
import { HalfkeyError } from "@halfkey/core/formats/errors"
import { problemCodes } from "@halfkey/core/formats/problem-codes"
import { Interrupted, report, Told, usageError } from "./failure.ts"

test("every code of the problem table ends with its own exit code", () => {
  for (const [code, { exit }] of Object.entries(problemCodes)) {
    assert.equal(report({ code, message: "m" }).exit, exit, code)
  }
})

test("a failure says what, and each hint on its own line", () => {
  const error = new HalfkeyError("secret_not_found", "there is no secret A", { hint: "halfkey list\nhalfkey set A" })
  assert.deepEqual(report(error), {
    lines: ["halfkey: there is no secret A", "  try: halfkey list", "  try: halfkey set A"],
    exit: 3,
  })
  assert.deepEqual(report(usageError("wrong")).lines, ["halfkey: wrong"])
})

test("of a foreign error only the kind is told, since its text may quote a value", () => {
  const { lines, exit } = report(new SyntaxError("Unexpected token in canary-5b1e"))
  assert.equal(exit, 1)
  assert.deepEqual(lines, [
    "halfkey: unexpected: SyntaxError",
    "  try: the same with HALFKEY_DEBUG=1 for a stack trace, and report it",
  ])
  const full = Object.assign(new Error("ENOSPC: canary-5b1e"), { code: "ENOSPC", syscall: "write" })
  assert.equal(report(full).lines[0], "halfkey: unexpected: ENOSPC in write")
  assert.equal(report("canary-5b1e").lines[0], "halfkey: unexpected: an unknown failure")
})

test("an unknown environment comes with the one that was meant", () => {
  const failure = { code: "keyset_not_found", message: "m", facts: { available: ["production", "staging"] } }
  assert.equal(
    report(failure, false, ["staging", "prod"]).lines[1],
    "  try: -e production   (did you mean production?)",
  )
  assert.equal(report(failure, false, ["qa"]).lines[1], undefined)
})

test("the request is named where the server failed", () => {
  const failure = { code: "internal_error", message: "the server failed", requestId: "r-1" }
  assert.deepEqual(report(failure).lines, ["halfkey: the server failed", "  request: r-1"])
  const own = { code: "unexpected", message: "a bug", facts: { place: "at run (file.js:1:2)" } }
  assert.deepEqual(report(own).lines, ["halfkey: a bug", "  place: at run (file.js:1:2)"])
})

test("what was told already, or stopped by the person, is not told again", () => {
  assert.deepEqual(report(new Told(2)), { lines: [], exit: 2 })
  assert.deepEqual(report(new Interrupted()), { lines: [], exit: 130 })
})
