/** What is given to the editor comes back as it was, whatever the values hold. */
import assert from "node:assert/strict"
import { test } from "node:test"
import { utf8 } from "@halfkey/core/primitives/bytes"
import fc from "fast-check"
import { documentOf, readDocument } from "./document.ts"

const bytesOf = (values: Record<string, string>) =>
  new Map(Object.entries(values).map(([name, value]) => [name, utf8(value)]))

test("values are written as people write them", async () => {
  const { leftOut, text } = await documentOf(
    "production",
    new Map([
      ...bytesOf({ URL: "postgres://a/b", PORT: "5432", PEM: "one\ntwo\n" }),
      ["BINARY", new Uint8Array([255])],
    ]),
  )
  assert.equal(
    text,
    `# Secrets of production, as NAME: value. Deleting a line deletes the secret.
# All is saved at once when the editor closes; nothing is while the file is as it was, or empty.
# BINARY is no text, and stays as it is.

URL: postgres://a/b
PORT: "5432"
PEM: |
  one
  two
`,
  )
  assert.deepEqual([...leftOut.keys()], ["BINARY"])
})

test("every text comes back exactly", async () => {
  const part = fc.constantFrom(
    "\n",
    "\r",
    " ",
    "\t",
    "#",
    ":",
    "'",
    '"',
    "\\",
    "|",
    "a",
    "\u{feff}",
    "\u0085",
    "\0",
    "~",
    "- ",
  )
  const value = fc.oneof(
    fc.string({ unit: "binary" }),
    fc.array(part).map((parts) => parts.join("")),
  )
  await fc.assert(
    fc.asyncProperty(
      fc.dictionary(fc.constantFrom("A", "no", "null", "a/b.c", "e0", "constructor"), value),
      async (values) => {
        const given = bytesOf(values)
        const { text } = await documentOf("production", given)
        assert.deepEqual(new Map(await readDocument(utf8(text))), given)
      },
    ),
    { numRuns: 300 },
  )
})

test("an empty file holds nothing, and a broken one is told by line without what is in it", async () => {
  assert.equal((await readDocument(utf8("# only\n\n"))).size, 0)
  assert.equal((await readDocument(utf8(""))).size, 0)
  for (const broken of [
    "A: canary\nA: canary\n",
    "A: 'canary\n",
    "canary of a value\n",
    "A: [canary]\n",
    "a b: canary\n",
  ]) {
    await assert.rejects(readDocument(utf8(broken)), ({ code, message }: Error & { code?: string }) => {
      assert.equal(code, "invalid_argument")
      assert.match(message, /^the file has a problem, and nothing was sent\n {2}line \d: /)
      return !message.includes("canary")
    })
  }
})
