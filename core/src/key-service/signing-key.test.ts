import assert from "node:assert/strict"
import { test } from "node:test"
import { verifyStrict } from "../primitives/ed25519.ts"
import { foreseeable } from "../testing/workspace.ts"
import { kidOf, newSigningSeed, signingKeyFromSeed } from "./signing-key.ts"

test("a seed that was stored gives the same key again, and its signatures verify", () => {
  const random = foreseeable()
  const seed = newSigningSeed(random)
  assert.equal(seed.length, 32)
  assert.notDeepEqual(newSigningSeed(random), seed)
  const [first, second] = [signingKeyFromSeed(seed), signingKeyFromSeed(new Uint8Array(seed))]
  assert.deepEqual(first.publicKey, second.publicKey)
  assert.ok(verifyStrict(second.publicKey, new Uint8Array(3), first.sign(new Uint8Array(3))))
})

test("a kid is 16 characters of the public key's hash", () => {
  // SHA-256 of 32 zero bytes begins with 66687aadf862bd776c8fc18b.
  assert.equal(kidOf(new Uint8Array(32)), "Zmh6rfhivXdsj8GL")
})
