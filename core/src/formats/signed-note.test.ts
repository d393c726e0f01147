import assert from "node:assert/strict"
import { test } from "node:test"
import fc from "fast-check"
import { fromBase64, toBase64, utf8 } from "../primitives/bytes.ts"
import { signingKeyFromSeed } from "../primitives/ed25519.ts"
import { anyText, bytes, property } from "../testing/property.ts"
import { isNoteSignedBy, noteKeyId, noteMaxLength, parseNote, signNote } from "./signed-note.ts"

const base64 = (text: string) => fromBase64(text) as Uint8Array

/** The example of Go's reference implementation (golang.org/x/mod/sumdb/note), with its published private key. */
const example = {
  key: signingKeyFromSeed(base64("AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz").slice(1)),
  publicKey: base64("ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW").slice(1),
  text: "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n",
  line: "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n",
}
const exampleNote = `${example.text}\n${example.line}`

test("the note of the reference implementation is read, verified, and made in the same bytes", () => {
  const note = parseNote(exampleNote)
  assert.equal(note.text, example.text)
  assert.ok(isNoteSignedBy(note, "PeterNeumann", example.publicKey))
  assert.deepEqual(noteKeyId("PeterNeumann", example.publicKey), Uint8Array.of(0xc7, 0x4f, 0x20, 0xa3))
  assert.equal(signNote(example.text, "PeterNeumann", example.key), exampleNote)
})

const key = signingKeyFromSeed(new Uint8Array(32).fill(1))
const other = signingKeyFromSeed(new Uint8Array(32).fill(2))

test("signatures of others do not matter, whether they share the name or nothing", () => {
  const line = (name: string, by: typeof key, text = "text\n") => signNote(text, name, by).split("\n\n")[1] as string
  const note = parseNote(`text\n\n${line("witness", other)}${line("log", other, "another\n")}${line("log", key)}`)
  assert.ok(isNoteSignedBy(note, "log", key.publicKey))
  assert.ok(isNoteSignedBy(note, "witness", other.publicKey))
  assert.ok(!isNoteSignedBy(note, "log", other.publicKey), "a wrong signature of a known key makes a note bad")
  assert.ok(!isNoteSignedBy(note, "witness", key.publicKey))
  const twice = parseNote(`text\n\n${line("log", key)}${line("log", key, "another\n")}`)
  assert.ok(!isNoteSignedBy(twice, "log", key.publicKey), "also when a good one stands beside it")
})

test("a key id that is claimed by another key verifies nothing", () => {
  const [text = "", line = ""] = signNote("text\n", "log", other).split("\n\n")
  const claimed = base64(line.trim().split(" ")[2] ?? "")
  claimed.set(noteKeyId("log", key.publicKey))
  assert.ok(!isNoteSignedBy(parseNote(`${text}\n\n— log ${toBase64(claimed)}\n`), "log", key.publicKey))
})

test("the text may hold empty lines: the last one ends it", () => {
  const note = parseNote(signNote("one\n\n\ntwo\n", "log", key))
  assert.equal(note.text, "one\n\n\ntwo\n")
  assert.ok(isNoteSignedBy(note, "log", key.publicKey))
})

test("up to 64 signatures are read", () => {
  assert.equal(parseNote(`${example.text}\n${example.line.repeat(64)}`).signatures.length, 64)
  assert.throws(() => parseNote(`${example.text}\n${example.line.repeat(65)}`), { code: "invalid_document" })
})

test("what is no note is refused", () => {
  const { text, line } = example
  const bad = {
    "nothing at all": "",
    "no signature": `${text}\n`,
    "no empty line": text + line,
    "a text without newline": `text\n${line}`,
    "no text": `\n${line}`,
    "a line after the signatures": `${text}\n${line}more\n`,
    "an empty line after the signatures": `${text}\n${line}\n`,
    "no last newline": `${text}\n${line.slice(0, -1)}`,
    "carriage returns": exampleNote.replaceAll("\n", "\r\n"),
    "a control character": `a\tb\n\n${line}`,
    "a lone surrogate": `\ud800\n\n${line}`,
    "a hyphen for the em dash": `${text}\n${line.replace("—", "-")}`,
    "two spaces": `${text}\n${line.replace("— ", "—  ")}`,
    "no name": `${text}\n${line.replace("PeterNeumann ", "")}`,
    "a plus in the name": `${text}\n${line.replace("PeterNeumann", "Peter+Neumann")}`,
    "a wide space in the name": `${text}\n${line.replace("PeterNeumann", "Peter\u2003Neumann")}`,
    "a next-line character in the name": `${text}\n${line.replace("PeterNeumann", "Peter\u0085Neumann")}`,
    "unused bits that are not zero": `${text}\n${line.replace("nAM=", "nAN=")}`,
    base64url: `${text}\n${line.replaceAll("/", "_")}`,
    "no padding": `${text}\n${line.replace("=", "")}`,
    "a key id alone": `${text}\n— PeterNeumann x08gow==\n`,
    "too long": `${"x".repeat(noteMaxLength)}\n\n${line}`,
  }
  for (const [why, note] of Object.entries(bad)) {
    assert.throws(() => parseNote(note), { code: "invalid_document", check: "encoding" }, why)
  }
})

test("nothing is signed that no reader would take", () => {
  for (const text of ["", "text", "a\tb\n", "\ud800\n"]) assert.throws(() => signNote(text, "log", key), RangeError)
  for (const name of ["", "a b", "a+b", "a\u00a0b", "a\nb"]) assert.throws(() => signNote("a\n", name, key), RangeError)
})

property("every signed text verifies, and no changed one", fc.tuple(anyText, bytes(1), fc.nat()), (input) => {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: notes may not hold them
  const text = `${input[0].toWellFormed().replace(/[\0-\x09\x0b-\x1f]/g, "")}\n`
  const written = signNote(text, "halfkey/log", key)
  const note = parseNote(written)
  assert.equal(note.text, text)
  assert.ok(isNoteSignedBy(note, "halfkey/log", key.publicKey))
  assert.ok(!isNoteSignedBy({ ...note, text: `${text}\n` }, "halfkey/log", key.publicKey))
  const encoded = utf8(written)
  const at = input[2] % encoded.length
  encoded[at] = (encoded[at] as number) ^ ((input[1][0] as number) % 255 || 1)
  let changed: string
  try {
    changed = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(encoded)
    assert.ok(!isNoteSignedBy(parseNote(changed), "halfkey/log", key.publicKey))
  } catch (error) {
    assert.ok(error instanceof TypeError || (error as { code?: string }).code === "invalid_document")
  }
})
