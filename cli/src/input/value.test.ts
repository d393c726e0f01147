import assert from "node:assert/strict"
import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { test } from "node:test"
import { utf8 } from "@halfkey/core/primitives/bytes"
import { temporaryDirectory, testContext } from "../testing/test-context.ts"
import { readValue, withoutFinalNewline } from "./value.ts"

const plain = { keepNewline: false, allowEmpty: false }
const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes)

test("the newline goes from a single line of text only", () => {
  const cases: readonly (readonly [string, string])[] = [
    ["value\n", "value"],
    ["value\r\n", "value"],
    ["value", "value"],
    ["value\n\n", "value\n\n"],
    ["-----BEGIN-----\nx\n-----END-----\n", "-----BEGIN-----\nx\n-----END-----\n"],
    ["\n", ""],
    ["a\0b\n", "a\0b\n"],
    ["", ""],
  ]
  for (const [given, kept] of cases) assert.equal(text(withoutFinalNewline(utf8(given))), kept, JSON.stringify(given))
  assert.deepEqual(withoutFinalNewline(Uint8Array.of(0xff, 0x0a)), Uint8Array.of(0xff, 0x0a))
})

test("a pipe is read, and --keep-newline keeps its newline", async () => {
  assert.equal(text(await readValue(testContext({ stdin: "value\n" }).context, "A", plain)), "value")
  const kept = await readValue(testContext({ stdin: "value\n" }).context, "A", { ...plain, keepNewline: true })
  assert.equal(text(kept), "value\n")
})

test("an empty pipe changes nothing unless the empty value is meant", async () => {
  const { context } = testContext({ stdin: "" })
  await assert.rejects(readValue(context, "A", plain), {
    code: "invalid_argument",
    message: "stdin was empty, so A was not changed",
    hint: "--allow-empty, if the empty value is meant",
  })
  assert.equal((await readValue(context, "A", { ...plain, allowEmpty: true })).length, 0)
  assert.equal((await readValue(context, "A", { ...plain, value: "" })).length, 0)
})

test("a file gives its exact bytes", async (t) => {
  const path = join(temporaryDirectory(t), "value")
  writeFileSync(path, "value\n")
  assert.equal(text(await readValue(testContext().context, "A", { ...plain, valueFile: path })), "value\n")
  writeFileSync(path, "")
  assert.equal((await readValue(testContext().context, "A", { ...plain, valueFile: path })).length, 0)
  writeFileSync(path, new Uint8Array(1_048_577))
  await assert.rejects(readValue(testContext().context, "A", { ...plain, valueFile: path }), {
    code: "value_too_large",
  })
  await assert.rejects(readValue(testContext().context, "A", { ...plain, valueFile: `${path}-` }), {
    message: `${path}- could not be read: no such file (ENOENT)`,
  })
})

test("- as the file takes stdin exactly, and never from an echoing terminal", async () => {
  const stdin = { ...plain, valueFile: "-" }
  assert.equal(text(await readValue(testContext({ stdin: "value\n" }).context, "A", stdin)), "value\n")
  assert.equal((await readValue(testContext({ stdin: "" }).context, "A", stdin)).length, 0)
  await assert.rejects(readValue(testContext().context, "A", stdin), { message: "no value was given" })
})

test("--value works and warns, and only one source is taken", async () => {
  const { context, stderr } = testContext()
  assert.equal(text(await readValue(context, "A", { ...plain, value: "v" })), "v")
  assert.equal(stderr(), "halfkey: --value leaves the value in the shell's history and in the list of processes\n")
  await assert.rejects(readValue(context, "A", { ...plain, value: "v", valueFile: "f" }), {
    message: "specify only one of --value and --value-file",
  })
})

test("without a terminal that may ask, the error says how to give a value", async () => {
  await assert.rejects(readValue(testContext().context, "A", plain), {
    message: "no value was given",
    hint: "… | halfkey set A, or --value-file FILE",
  })
})

test("a terminal is asked", async () => {
  const questions: string[] = []
  const hidden = async (question: string) => {
    questions.push(question)
    return utf8("typed")
  }
  const { context } = testContext({
    prompts: { allowed: true, hidden, confirm: async () => false, line: async () => "" },
  })
  assert.equal(text(await readValue(context, "A", plain)), "typed")
  assert.deepEqual(questions, ["Value of A"])
})
