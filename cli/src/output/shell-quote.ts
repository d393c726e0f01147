/** Exact quoting for POSIX shells. */
import { concatBytes, utf8 } from "@halfkey/core/primitives/bytes"

const quote = 0x27

/** Every byte but `_ / : . , @ % + -`, letters and digits makes quotes necessary; `~` and `=` mean something at places. */
const plainByte = Array.from({ length: 256 }, (_, byte) => /[A-Za-z0-9_/:.,@%+-]/.test(String.fromCharCode(byte)))

/**
 * The value as one word of a POSIX shell. Inside single quotes every byte stands for itself, so newlines, `$` and bytes
 * that are no UTF-8 arrive as they are. Returns `undefined` for a NUL byte: no shell variable can hold one.
 */
export function shellQuote(value: Uint8Array): Uint8Array | undefined {
  if (value.includes(0)) return undefined
  if (value.length > 0 && value.every((byte) => plainByte[byte])) return value
  const parts: Uint8Array[] = [utf8("'")]
  let start = 0
  for (let index = value.indexOf(quote); index !== -1; index = value.indexOf(quote, start)) {
    parts.push(value.subarray(start, index), utf8("'\\''"))
    start = index + 1
  }
  parts.push(value.subarray(start), utf8("'"))
  return concatBytes(...parts)
}

/** Whether a shell, and `execve` by custom, accepts this as the name of a variable. */
export function isVariableName(name: string): boolean {
  return /^[A-Za-z_][A-Za-z0-9_]*$/.test(name)
}
