import assert from "node:assert/strict"
import { test } from "node:test"
import { format, inspect } from "node:util"
import { KeyBytes } from "./key-bytes.ts"

test("key bytes print as redacted in every way that Node prints things", () => {
  const key = new KeyBytes(new Uint8Array(32).fill(0xab))
  const printed = [
    String(key),
    `${key}`,
    JSON.stringify({ key }),
    inspect(key, { depth: 9, showHidden: true }),
    inspect({ nested: [key] }, { depth: 9, showHidden: true }),
    format("%s %o %j %O", key, key, key, key),
    new Error(`${key}`).message,
  ]
  for (const text of printed) {
    assert.match(text, /\[redacted\]/)
    assert.ok(!/ab|171/.test(text.replaceAll("[redacted]", "")), text)
  }
  assert.deepEqual(Object.keys(key), [])
  assert.throws(() => structuredClone(key)["expose"]())
})

test("exposed bytes are the ones given, not a copy, until they are destroyed", () => {
  const bytes = new Uint8Array([1, 2, 3])
  const key = new KeyBytes(bytes)
  assert.equal(key.length, 3)
  assert.equal(key.expose(), bytes)
  key.destroy()
  assert.deepEqual(bytes, new Uint8Array(3))
  assert.throws(() => key.expose(), /after they were destroyed/)
})
