import assert from "node:assert/strict"
import { test } from "node:test"
import { utf8 } from "@halfkey/core/primitives/bytes"
import { compareSecrets } from "./changes.ts"

test("names are compared by the bytes of their values, in order of name", () => {
  const source = new Map([
    ["SAME", utf8("1")],
    ["NEW", utf8("")],
    ["B", utf8("1")],
  ])
  const target = new Map([
    ["SAME", { value: utf8("1") }],
    ["GONE", { value: utf8("1") }],
    ["B", { value: utf8("1\n") }],
  ])
  assert.deepEqual(compareSecrets(source, target), [
    { name: "B", kind: "changed" },
    { name: "GONE", kind: "removed" },
    { name: "NEW", kind: "added" },
    { name: "SAME", kind: "same" },
  ])
})
