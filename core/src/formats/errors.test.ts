import assert from "node:assert/strict"
import { test } from "node:test"
import { HalfkeyError, keysetCheckFailed, recordCheckFailed } from "./errors.ts"

test("an error has the type and the chance of success that the table gives its code", () => {
  const cause = new Error("below")
  const error = new HalfkeyError("rate_limited", "too many requests", { hint: "wait", facts: { seconds: 3 }, cause })
  assert.equal(error.name, "HalfkeyError")
  assert.deepEqual([error.type, error.retryable, error.hint], ["ApiError", true, "wait"])
  assert.deepEqual([error.facts, error.cause, error.check], [{ seconds: 3 }, cause, undefined])
  const other = new HalfkeyError("keyset_not_found", "x")
  assert.deepEqual([other.retryable, "cause" in other], [false, false])
})

test("failed checks are named in the message and in a member, and say what to do", () => {
  const keyset = keysetCheckFailed("signature", "it is wrong", { revision: 3 })
  assert.deepEqual(
    [keyset.code, keyset.check, keyset.type],
    ["keyset_verification_failed", "signature", "DecryptionError"],
  )
  assert.match(keyset.message, /^check "signature" failed: it is wrong$/)
  assert.match(keyset.hint ?? "", /halfkey doctor/)
  const record = recordCheckFailed("commit", "it is wrong")
  assert.deepEqual([record.code, record.check], ["record_verification_failed", "commit"])
  assert.ok((record.hint ?? "").length > 0)
})
