import assert from "node:assert/strict"
import { test } from "node:test"
import { assertSchema } from "../testing/schema.ts"
import { Problem, problemContentType, receiptHeader, requestIdHeader } from "./problem.ts"

test("a problem document has the members of RFC 9457 and a stable code", () => {
  const problem = {
    type: "urn:halfkey:problem:version_conflict",
    title: "the secret changed in the meantime",
    status: 409,
    detail: "A is at version 3",
    code: "version_conflict",
    hint: "read it again",
    check: "x",
    facts: { version: 3 },
    requestId: "r",
  }
  assertSchema(
    Problem,
    problem,
    ["type", "title", "status", "detail", "code", "requestId"],
    [{ status: "409" }, { facts: [] }],
  )
  assert.equal(problemContentType, "application/problem+json")
})

test("header names are lower case, as every client reads them", () => {
  for (const name of [receiptHeader, requestIdHeader]) assert.match(name, /^halfkey-[a-z-]+$/)
})
