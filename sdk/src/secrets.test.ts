import assert from "node:assert/strict"
import { after, before, test } from "node:test"
import { Secrets, unwrap } from "./secrets.ts"
import { type MemoryWorkspace, memoryWorkspace } from "./testing/memory-workspace.ts"

let place: MemoryWorkspace
let secrets: Secrets

before(async () => {
  place = await memoryWorkspace(["production", "staging"])
  secrets = new Secrets(place.options)
})
after(() => secrets.close())

test("a value comes back as it was written, text and bytes, empty ones too", async () => {
  const values = [
    "",
    "postgres://u:p@h/db",
    "line 1\nline 2\n",
    "🔑 \u{1f469}\u200d\u{1f4bb}",
    "$HOME 'x' \"y\"",
    "\ufeffbom",
  ]
  for (const [index, value] of values.entries()) {
    const name = `TEXT_${index}`
    assert.equal(unwrap(await secrets.set(name, value)).version, 1)
    assert.equal(unwrap(await secrets.get(name)), value)
  }
  const bytes = new Uint8Array(65_536).map((_, index) => index * 7)
  unwrap(await secrets.set("BYTES", bytes))
  assert.deepEqual(unwrap(await secrets.getBytes("BYTES")), bytes)
  const { failure } = await secrets.get("BYTES")
  assert.equal(failure?.code, "lossy_format")
  assert.match(failure?.hint ?? "", /getBytes/)
})
