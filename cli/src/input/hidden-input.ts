/** Collects what is typed or pasted without an echo. Pure: bytes in, a decision out. */
import { concatBytes, utf8 } from "@halfkey/core/primitives/bytes"

const key = {
  interrupt: 0x03,
  end: 0x04,
  backspace: 0x08,
  tab: 0x09,
  newline: 0x0a,
  enter: 0x0d,
  killWord: 0x17,
  kill: 0x15,
  escape: 0x1b,
  delete: 0x7f,
}

/** Terminals that know bracketed paste put these around what is pasted, so its newlines are no Enter. */
export const bracketedPaste = { on: "\u{1b}[?2004h", off: "\u{1b}[?2004l" }
const pasteStart = utf8("\u{1b}[200~")
const pasteEnd = utf8("\u{1b}[201~")

export type HiddenState = "more" | "done" | "interrupted" | "several-lines"

export class HiddenInput {
  #typed: number[] = []
  #pending: Uint8Array = new Uint8Array(0)
  #pasting = false

  /** Takes the next bytes of a terminal in raw mode. */
  feed(bytes: Uint8Array): HiddenState {
    const input = concatBytes(this.#pending, bytes)
    this.#pending = new Uint8Array(0)
    let index = 0
    while (index < input.length) {
      const byte = input[index] ?? 0
      if (byte === key.escape) {
        const length = escapeLength(input.subarray(index))
        if (length === undefined) {
          this.#pending = input.slice(index)
          return "more"
        }
        this.#escape(input.subarray(index, index + length))
        index += length
        continue
      }
      index++
      if (this.#pasting) {
        this.#paste(byte, input[index - 2])
        continue
      }
      if (byte === key.interrupt) return "interrupted"
      if (byte === key.enter || byte === key.newline || byte === key.end) {
        // More behind an Enter in the same read: a paste that the terminal did not mark. Its rest must not reach the shell.
        return index < input.length && byte !== key.end ? "several-lines" : "done"
      }
      this.#type(byte)
    }
    return "more"
  }

  /** What was entered. The caller wipes it. */
  value(): Uint8Array {
    return Uint8Array.from(this.#typed)
  }

  wipe(): void {
    this.#typed.fill(0)
    this.#typed = []
  }

  #type(byte: number): void {
    if (byte === key.backspace || byte === key.delete) this.#removeLast()
    else if (byte === key.kill || byte === key.killWord) this.wipe()
    else if (byte >= 0x20 || byte === key.tab) this.#typed.push(byte)
  }

  /** Terminals send a newline of pasted text as carriage return. */
  #paste(byte: number, before: number | undefined): void {
    if (byte === key.enter) this.#typed.push(key.newline)
    else if (byte !== key.newline || before !== key.enter) this.#typed.push(byte)
  }

  #escape(sequence: Uint8Array): void {
    if (equal(sequence, pasteStart)) this.#pasting = true
    else if (equal(sequence, pasteEnd)) this.#pasting = false
    else if (this.#pasting) this.#typed.push(...sequence)
  }

  /** One character, which may be several bytes of UTF-8. */
  #removeLast(): void {
    while ((this.#typed.at(-1) ?? 0) >> 6 === 0b10) this.#typed.pop()
    this.#typed.pop()
  }
}

/** Length of the escape sequence at the start of `bytes`; `undefined` when its end has not arrived. */
function escapeLength(bytes: Uint8Array): number | undefined {
  if (bytes.length < 2) return undefined
  if (bytes[1] !== 0x5b && bytes[1] !== 0x4f) return 1
  for (let index = 2; index < bytes.length; index++) {
    const byte = bytes[index] ?? 0
    if (byte >= 0x40 && byte <= 0x7e) return index + 1
    if (byte < 0x20) return index
  }
  return undefined
}

function equal(one: Uint8Array, other: Uint8Array): boolean {
  return one.length === other.length && one.every((byte, index) => byte === other[index])
}
