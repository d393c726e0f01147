import assert from "node:assert/strict"
import { test } from "node:test"
import { readRefusal } from "./refusal-reader.ts"
import { ServerRefusal } from "./server-refusal.ts"

const headers = { "content-type": "application/json" }

test("what the token endpoint forbids with status 400 keeps its code, its text and its hint", () => {
  const document = {
    error: "unauthorized_client",
    error_description: "the API key k may not be used from 10.0.0.7",
    code: "api_key_restricted",
    hint: "use it from one of its networks",
  }
  const { code, hint, message } = readRefusal({ status: 400, headers, body: JSON.stringify(document) }, 0) as never
  assert.deepEqual([code, message, hint], [document.code, document.error_description, document.hint])
})

test("no other answer of status 400 stands for what is forbidden", () => {
  const body = JSON.stringify({ code: "api_key_restricted" })
  const { code } = readRefusal({ status: 400, headers, body }, 0) as never
  assert.equal(code, "invalid_response")
})

test("the id of a request is text, whatever bytes a server sends as one", () => {
  const refused = readRefusal(
    {
      status: 404,
      headers: { "content-type": "application/problem+json", "halfkey-request-id": "a\u{9b}31m" },
      body: JSON.stringify({ code: "secret_not_found" }),
    },
    0,
  )
  assert.ok(refused instanceof ServerRefusal)
  assert.equal(refused.requestId, "a 31m")
})
