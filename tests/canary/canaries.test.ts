/** A scanner that finds nothing would prove everything: so each spelling is planted, and found. */
import assert from "node:assert/strict"
import { randomBytes } from "node:crypto"
import { test } from "node:test"
import { inspect } from "node:util"
import { byteCanary, CanaryScanner, spellings, textCanary } from "./canaries.ts"

const value = 'CANARY 4f/1+?="quoted"\\ü€ and a tail that is long'
const text = textCanary("text", value)
const bytes = byteCanary("bytes", 40)
const scanner = new CanaryScanner([text, bytes])
const around = (planted: string | Uint8Array) =>
  Buffer.concat([randomBytes(1013), Buffer.from(planted), randomBytes(77)])

function assertFound(planted: string | Uint8Array, canary: string, what: string): void {
  const found = scanner.search(around(planted))
  assert.ok(
    found.some((sighting) => sighting.canary === canary),
    `${what} was not found`,
  )
}

test("each spelling is found when it is planted", () => {
  for (const canary of [text, bytes]) {
    for (const [spelling, needle] of spellings(Buffer.from(canary.bytes))) assertFound(needle, canary.name, spelling)
  }
})

test("what programs make of a value is found", () => {
  const made: Record<string, string | Uint8Array> = {
    "the text": value,
    "JSON.stringify": JSON.stringify({ value }),
    "JSON in JSON": JSON.stringify({ msg: JSON.stringify({ value }) }),
    "a query": `?${new URLSearchParams({ value })}`,
    "a path": `/${encodeURIComponent(value)}`,
    "a printed buffer": inspect(Buffer.from(value), { maxArrayLength: null }),
    "a printed array": inspect(new Uint8Array(Buffer.from(value)), { maxArrayLength: null, breakLength: Infinity }),
    "a buffer as JSON": JSON.stringify(Buffer.from(value)),
    UTF16: Buffer.from(value, "utf16le"),
    "the first half": value.slice(0, 20),
    "the second half": value.slice(-20),
  }
  for (const [what, planted] of Object.entries(made)) assertFound(planted, "text", what)
  for (const encoding of ["base64", "base64url", "hex"] as const) {
    for (const before of [0, 1, 2, 3, 4, 5]) {
      for (const canary of [text, bytes]) {
        const inside = Buffer.concat([randomBytes(before), canary.bytes, randomBytes(5)]).toString(encoding)
        assertFound(inside, canary.name, `${encoding} behind ${before} bytes`)
      }
    }
  }
})

test("what is not there is not found", () => {
  assert.deepEqual(scanner.search(randomBytes(1024 * 1024)), [])
  assert.deepEqual(scanner.search(Buffer.from("CANARY is only its beginning")), [])
})

test("a canary that chance could make is refused", () => {
  assert.throws(() => new CanaryScanner([textCanary("short", "secret")]), /too short/)
})
