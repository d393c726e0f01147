// Vectors are in spec/vectors/text-keys.json; here is what holds for all keys.
import assert from "node:assert/strict"
import { test } from "node:test"
import fc from "fast-check"
import { toHex } from "../primitives/bytes.ts"
import { bytes, property } from "../testing/property.ts"
import type { ApiKeyId } from "./ids.ts"
import * as keys from "./text-keys.ts"

const apiKeyId = fc.stringMatching(/^[a-z2-7]{16}$/)
const kinds = [
  [keys.formatClientKey, keys.parseClientKey],
  [keys.formatRecoveryKit, keys.parseRecoveryKit],
  [keys.formatSetupToken, keys.parseSetupToken],
] as const

property(
  "every kind of key is read back, and by its own kind alone",
  bytes(32),
  (key) => {
    for (const [format, parse] of kinds) {
      assert.deepEqual(parse(format(key)), key)
      for (const [, other] of kinds)
        if (other !== parse) assert.throws(() => other(format(key)), { code: "invalid_key_text" })
    }
  },
  100,
)

property("an API key is read back", fc.tuple(apiKeyId, bytes(32)), ([keyId, secret]) => {
  const parts = { keyId: keyId as ApiKeyId, secret }
  assert.deepEqual(keys.parseApiKey(keys.formatApiKey(parts)), parts)
})

const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_ =+/.é"
const typo = fc.record({ at: fc.nat(), character: fc.constantFrom(...alphabet), key: bytes(32), keyId: apiKeyId })

property(
  "one character typed wrong, left out, doubled or swapped with its neighbour is told",
  typo,
  ({ at, character, key, keyId }) => {
    const texts = [
      [keys.formatClientKey(key), keys.parseClientKey],
      [keys.formatApiKey({ keyId: keyId as ApiKeyId, secret: key }), keys.parseApiKey],
    ] as const
    for (const [text, parse] of texts) {
      const i = at % text.length
      const [before, own, next] = [text.slice(0, i), text.slice(i, i + 1), text.slice(i + 1, i + 2)]
      const mistakes = [
        before + character + text.slice(i + 1),
        before + text.slice(i + 1),
        before + own + text.slice(i),
        before + next + own + text.slice(i + 2),
      ].filter((mistake) => mistake !== text)
      for (const mistake of mistakes) assert.throws(() => parse(mistake), { code: "invalid_key_text" }, mistake)
    }
  },
  500,
)

property(
  "no error repeats a part of the key",
  bytes(32),
  (key) => {
    const text = keys.formatClientKey(key)
    for (const mistake of [text.slice(0, -1), text.replace("hkck_", "hkrk_"), `${text.slice(0, -1)}!`]) {
      assert.throws(
        () => keys.parseClientKey(mistake),
        (error: Error & { hint?: string }) => {
          const said = `${error.message} ${error.hint} ${error.stack}`
          for (let i = 5; i < text.length - 8; i++) assert.ok(!said.includes(text.slice(i, i + 8)))
          return true
        },
      )
    }
  },
  50,
)

test("prefixes are told apart by scanners, and no key of another length has a text", () => {
  assert.deepEqual(Object.values(keys.textKeyPrefixes), ["hkck_", "hkrk_", "hkak_", "hkst_"])
  assert.throws(() => keys.formatClientKey(new Uint8Array(31)), RangeError)
  assert.ok(toHex(new Uint8Array(1)))
})
