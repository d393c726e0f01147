import assert from "node:assert/strict"
import { test } from "node:test"
import { toHex } from "../primitives/bytes.ts"
import { signingKeyFromSeed, verifyStrict } from "../primitives/ed25519.ts"
import { sha256 } from "../primitives/hash.ts"
import { bytesField, integerField, labelField, optionalField } from "./field-codecs.ts"
import { pae } from "./pae.ts"
import { documentFormat } from "./signed-document.ts"

const format = documentFormat("vector", {
  seq: integerField(1),
  label: labelField,
  hash: optionalField(bytesField(4)),
})
const key = signingKeyFromSeed(new Uint8Array(32).fill(1))
const fields = { seq: 1, label: "a", hash: undefined }

test("the hash and the signature are over the same bytes: every field but the signature, in order", () => {
  const encoded = pae("vector", 1, "a", undefined)
  const document = format.sign(fields, key)
  assert.equal(toHex(format.hash(document)), toHex(sha256(encoded)))
  assert.ok(verifyStrict(key.publicKey, encoded, document.signature))
  assert.ok(format.isSignedBy(document, key.publicKey))
})

test("a document is read back from its JSON, whatever the order of its members", () => {
  const document = format.sign({ ...fields, hash: new Uint8Array(4) }, key)
  const json = format.toJson(document)
  assert.deepEqual(format.parse(Object.fromEntries(Object.entries(json).reverse())), document)
  assert.equal(json["hash"], "AAAAAA")
})

test("another key, another field or another signature is not accepted", () => {
  const document = format.sign(fields, key)
  const other = signingKeyFromSeed(new Uint8Array(32).fill(2))
  assert.ok(!format.isSignedBy(document, other.publicKey))
  assert.ok(!format.isSignedBy({ ...document, seq: 2 }, key.publicKey))
  assert.ok(!format.isSignedBy({ ...document, hash: new Uint8Array(4) }, key.publicKey))
  assert.ok(!format.isSignedBy({ ...document, signature: other.sign(new Uint8Array(1)) }, key.publicKey))
})

test("nothing is signed that no reader would accept", () => {
  const bad = [{ seq: 0 }, { seq: 1.5 }, { label: "" }, { label: "a\u202eb" }, { hash: new Uint8Array(5) }]
  for (const change of bad) {
    assert.throws(
      () => format.sign({ ...fields, ...change }, key),
      (error: Error & { code?: string }) => error.code === "invalid_document" || error instanceof RangeError,
    )
  }
})

test("members that are no fields are not signed and not written", () => {
  const document = format.sign({ ...fields, extra: 1 } as never, key)
  assert.ok(!("extra" in document))
  assert.deepEqual(Object.keys(format.toJson({ ...document, extra: 1 } as never)).sort(), [
    "hash",
    "label",
    "seq",
    "signature",
  ])
})
