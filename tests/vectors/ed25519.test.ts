import assert from "node:assert/strict"
import { test } from "node:test"
import { signingKeyFromSeed, verifyStrict } from "@halfkey/core/primitives/ed25519"
import * as spec from "./independent.ts"
import { vectors } from "./vector-file.ts"

const file = vectors<{
  seed: string
  publicKey: string
  message: string
  signature: string
  refused: { why: string; publicKey: string; signature: string; lax: boolean }[]
}>("ed25519.json")
const message = spec.unhex(file.message)

test("a signature is that of the vectors, in both implementations", () => {
  const key = signingKeyFromSeed(spec.unhex(file.seed))
  assert.equal(spec.hex(key.publicKey), file.publicKey)
  assert.equal(spec.hex(key.sign(message)), file.signature)
  assert.equal(spec.hex(spec.sign(spec.unhex(file.seed), message)), file.signature)
  assert.ok(verifyStrict(key.publicKey, message, spec.unhex(file.signature)))
})

for (const { why, publicKey, signature, lax } of file.refused) {
  test(`refused${lax ? ", though lax rules take it" : ""}: ${why}`, () => {
    assert.ok(!verifyStrict(spec.unhex(publicKey), message, spec.unhex(signature)))
  })
}
