import assert from "node:assert/strict"
import { test } from "node:test"
import { keyFingerprint } from "./key-fingerprint.ts"

test("a fingerprint is eight groups of the key's hash, and changes with every bit of the key", () => {
  const key = new Uint8Array(32)
  // SHA-256 of 32 zero bytes.
  assert.equal(keyFingerprint(key), "6668 7aad f862 bd77 6c8f c18b 8e9f 8e20")
  key[31] = 1
  assert.notEqual(keyFingerprint(key), "6668 7aad f862 bd77 6c8f c18b 8e9f 8e20")
  assert.match(keyFingerprint(key), /^([0-9a-f]{4} ){7}[0-9a-f]{4}$/)
})
