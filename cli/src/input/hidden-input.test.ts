import assert from "node:assert/strict"
import { test } from "node:test"
import { utf8 } from "@halfkey/core/primitives/bytes"
import { HiddenInput, type HiddenState } from "./hidden-input.ts"

/** Feeds each text as one read of the terminal. */
function typed(...reads: readonly string[]): { state: HiddenState; text: string } {
  const input = new HiddenInput()
  let state: HiddenState = "more"
  for (const read of reads) state = input.feed(utf8(read))
  return { state, text: new TextDecoder().decode(input.value()) }
}

test("Enter ends the input, by carriage return or newline", () => {
  assert.deepEqual(typed("secret\r"), { state: "done", text: "secret" })
  assert.deepEqual(typed("sec", "ret", "\n"), { state: "done", text: "secret" })
})

test("backspace removes one character, however many bytes it has", () => {
  assert.deepEqual(typed("aä😀\u{7f}\u{7f}b\r"), { state: "done", text: "ab" })
  assert.deepEqual(typed("\u{7f}\u{8}x\r"), { state: "done", text: "x" })
  assert.deepEqual(typed("wrong\u{15}right\r"), { state: "done", text: "right" })
})

test("Ctrl-C interrupts, Ctrl-D ends", () => {
  assert.equal(typed("abc\u{3}").state, "interrupted")
  assert.deepEqual(typed("abc\u{4}"), { state: "done", text: "abc" })
})

test("arrow keys and other sequences type nothing, even cut in two", () => {
  assert.deepEqual(typed("a\u{1b}[Db\u{1b}OHc\u{1b}[3~\r"), { state: "done", text: "abc" })
  assert.deepEqual(typed("a\u{1b}", "[", "Db\r"), { state: "done", text: "ab" })
})

test("a marked paste may have several lines, and Enter ends the input after it", () => {
  const pem = "-----BEGIN-----\nabc\n-----END-----\n"
  assert.equal(typed(`\u{1b}[200~${pem}\u{1b}[201~`).state, "more")
  assert.deepEqual(typed(`\u{1b}[200~${pem}\u{1b}[201~`, "\r"), { state: "done", text: pem })
  assert.equal(typed(`\u{1b}[200~${pem.replaceAll("\n", "\r")}\u{1b}[201~`, "\r").text, pem)
  assert.equal(typed(`\u{1b}[200~${pem.replaceAll("\n", "\r\n")}\u{1b}[201~`, "\r").text, pem)
  assert.equal(typed(`\u{1b}[20`, `0~${pem}\u{1b}[2`, "01~\r").text, pem)
  assert.equal(typed("\u{1b}[200~a\u{3}b\u{1b}[201~\r").text, "a\u{3}b")
})

test("an unmarked paste of several lines is refused instead of cut", () => {
  assert.equal(typed("line 1\rline 2\r").state, "several-lines")
})

test("wiping leaves nothing", () => {
  const input = new HiddenInput()
  input.feed(utf8("abc"))
  input.wipe()
  assert.equal(input.value().length, 0)
})
