// Vectors and refusals are in spec/vectors/root-key.json.
import assert from "node:assert/strict"
import { test } from "node:test"
import { inspect } from "node:util"
import { toHex } from "../primitives/bytes.ts"
import { bytes, property } from "../testing/property.ts"
import { foreseeable } from "../testing/workspace.ts"
import { RootKey, rootKeyLength } from "./root-key.ts"

const random = foreseeable()
const rootKey = new RootKey(random(32))

property(
  "a secret of any length is unwrapped again, and never looks the same twice",
  bytes(0, 100),
  (secret) => {
    const [first, second] = [
      rootKey.wrap({ kind: "token-key" }, secret, random),
      rootKey.wrap({ kind: "token-key" }, secret, random),
    ]
    assert.deepEqual(rootKey.unwrap({ kind: "token-key" }, first), secret)
    assert.equal(first.length, 12 + secret.length + 16)
    assert.notDeepEqual(first, second)
  },
  50,
)

test("a root key has 32 bytes, and an id that tells nothing of them", () => {
  for (const length of [0, 16, 31, 33])
    assert.throws(() => new RootKey(new Uint8Array(length)), { code: "invalid_configuration" })
  const key = new Uint8Array(rootKeyLength).fill(0xab)
  const made = new RootKey(key)
  assert.match(made.fingerprint, /^[0-9a-f]{16}$/)
  assert.equal(toHex(made.id), made.fingerprint)
  assert.ok(!inspect(made, { depth: 9, showHidden: true }).includes("171, 171"))
})
