import assert from "node:assert/strict"
import { execFileSync } from "node:child_process"
import { test } from "node:test"
import { concatBytes, utf8 } from "@halfkey/core/primitives/bytes"
import fc from "fast-check"
import { isVariableName, shellQuote } from "./shell-quote.ts"

/** What a real shell makes of the quoted words, each followed by a NUL. */
function readByShell(quoted: readonly Uint8Array[]): string[] {
  const words = concatBytes(...quoted.flatMap((word) => [utf8(" "), word]))
  const script = concatBytes(utf8("for word in"), words, utf8(`; do printf '%s\\0' "$word"; done`))
  return execFileSync("sh", { input: script }).toString("latin1").split("\0").slice(0, -1)
}

test("a shell reads back exactly what was quoted", () => {
  const values = [
    "",
    "plain",
    "two words",
    "it's",
    "''",
    "$HOME `id` $(id)",
    "a\nb\n",
    '"',
    "\\",
    "~",
    "!x",
    "#no",
    "ä€😀",
    "\r\t\u{1}",
  ]
  const quoted = values.map((value) => shellQuote(utf8(value)) ?? assert.fail(value))
  assert.deepEqual(
    readByShell(quoted),
    values.map((value) => Buffer.from(value).toString("latin1")),
  )
})

test("a shell reads back any bytes but NUL", () => {
  const bytes = fc.uint8Array({ min: 1, maxLength: 60 })
  fc.assert(
    fc.property(fc.array(bytes, { minLength: 1, maxLength: 50 }), (values) => {
      const quoted = values.map((value) => shellQuote(value) ?? assert.fail())
      assert.deepEqual(
        readByShell(quoted),
        values.map((value) => Buffer.from(value).toString("latin1")),
      )
    }),
    { numRuns: 30 },
  )
})

test("a NUL byte cannot be quoted", () => {
  assert.equal(shellQuote(Uint8Array.of(65, 0, 66)), undefined)
})

test("names of variables", () => {
  for (const name of ["A", "_", "DATABASE_URL", "a1"]) assert.ok(isVariableName(name), name)
  for (const name of ["", "1A", "a.b", "a/b", "a-b", "Ä", "A B", "A\n"]) assert.ok(!isVariableName(name), name)
})
