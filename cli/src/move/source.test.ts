import assert from "node:assert/strict"
import { test } from "node:test"
import { HalfkeyError } from "@halfkey/core/formats/errors"
import { utf8 } from "@halfkey/core/primitives/bytes"
import { formatOfFile, readSource } from "./source.ts"

async function refusal(reading: Promise<unknown>): Promise<HalfkeyError> {
  try {
    await reading
  } catch (error) {
    if (error instanceof HalfkeyError) return error
    throw error
  }
  return assert.fail("it was taken")
}

test("everything that is wrong is told at once, by line and without a value", async () => {
  const text = [
    "GOOD=1",
    "1BAD=canary",
    "GOOD=canary",
    `LARGE=${"x".repeat(65_537)}`,
    "canary is here",
    `${"N".repeat(256)}=canary`,
    "A='canary' b",
  ].join("\n")
  const { code, hint, message } = await refusal(readSource(utf8(text), "dotenv", ".env"))
  assert.equal(code, "invalid_argument")
  assert.equal(
    message,
    `.env has 6 problems, and nothing was sent
  line 2: the secret name 1BAD is not allowed: it must start with a letter or an underscore
  line 3: GOOD is in line 1 already
  line 4: the value of LARGE has 65537 bytes, at most 65536 are allowed
  line 5: not understood: NAME=value was expected
  line 6: the secret name (not shown) is not allowed: it has 256 characters, at most 255 are allowed
  line 7: the value of A opens a quote, which does not close at its end`,
  )
  assert.equal(hint, "correct the file; it was read as dotenv, --format names another one")
  const { message: odd } = await refusal(readSource(utf8('{"a b canary": "1", "B": "\\ud800"}'), "json", "x.json"))
  assert.equal(
    odd,
    `x.json has 2 problems, and nothing was sent
  line 1: the secret name (not shown) is not allowed: it may hold only ASCII letters, digits and _ . / -
  line 1: the value of B is no text: it holds half a character`,
  )
})

test("a larger limit is the server's", async () => {
  const { values } = await readSource(utf8(`LARGE=${"x".repeat(65_537)}`), "dotenv", ".env", 131_072)
  assert.equal(values.get("LARGE")?.length, 65_537)
})

test("only UTF-8 is text, with or without a byte order mark", async () => {
  const utf16 = Buffer.from("\ufeffA=1\n", "utf16le")
  assert.equal((await refusal(readSource(utf16, "dotenv", ".env"))).message, ".env is no UTF-8 text")
  const { values } = await readSource(utf8("\ufeffA=ü\n"), "dotenv", ".env")
  assert.deepEqual([...values], [["A", utf8("ü")]])
})

test("the format follows from the file's name", async () => {
  const names = ["a.json", "b.YAML", "c.yml", ".env", ".env.production", "secrets", "-"]
  assert.deepEqual(names.map(formatOfFile), ["json", "yaml", "yaml", "dotenv", "dotenv", "dotenv", "dotenv"])
})
