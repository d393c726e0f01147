/** Where the value of a secret comes from: a hidden prompt, stdin, a file, or (with a warning) the command line. */

import { HalfkeyError } from "@halfkey/core/formats/errors"
import { utf8 } from "@halfkey/core/primitives/bytes"
import type { Context } from "../context.ts"
import { usageError } from "../failure.ts"
import { readFileBounded } from "../streams.ts"
import { fileReason } from "./file-reason.ts"

/** Most bytes that any server may be configured to take. Its own limit is checked by the server. */
const valueMaxLength = 1_048_576

export interface ValueOptions {
  readonly value?: string | undefined
  readonly valueFile?: string | undefined
  /** Keep the newline at the end of a single line from stdin. */
  readonly keepNewline: boolean
  /** Take an empty stdin or prompt as the empty value. */
  readonly allowEmpty: boolean
}

/** Reads the value of `name`. Throws usage errors and `value_too_large`. */
export async function readValue(context: Context, name: string, options: ValueOptions): Promise<Uint8Array> {
  const { value, valueFile } = options
  if (value !== undefined && valueFile !== undefined) throw usageError("specify only one of --value and --value-file")
  if (value !== undefined) {
    context.warn("--value leaves the value in the shell's history and in the list of processes")
    return utf8(value)
  }
  if (valueFile !== undefined && valueFile !== "-") return readValueFile(valueFile)
  if (context.streams.stdinIsTerminal) return readTyped(context, name, options)
  const bytes = await context.streams.readAll(valueMaxLength)
  // `--value-file -` asks for the bytes of stdin as they are.
  if (valueFile === "-") return bytes
  return requireMeant(options.keepNewline ? bytes : withoutFinalNewline(bytes), "stdin was empty", name, options)
}

async function readTyped(context: Context, name: string, options: ValueOptions): Promise<Uint8Array> {
  if (!context.prompts.allowed) {
    throw usageError("no value was given", `… | halfkey set ${name}, or --value-file FILE`)
  }
  const bytes = await context.prompts.hidden(`Value of ${name}`)
  return requireMeant(withoutFinalNewline(bytes), "nothing was entered", name, options)
}

/** An empty pipe usually means that the program before it failed: that must not empty a secret. */
function requireMeant(bytes: Uint8Array, what: string, name: string, { allowEmpty }: ValueOptions): Uint8Array {
  if (bytes.length > 0 || allowEmpty) return bytes
  throw usageError(`${what}, so ${name} was not changed`, "--allow-empty, if the empty value is meant")
}

/**
 * `echo value |` means `value`: the newline at the end of a single line of text goes. Several lines (a PEM key), or bytes
 * that are no text, are kept exactly.
 */
export function withoutFinalNewline(bytes: Uint8Array): Uint8Array {
  if (bytes.at(-1) !== 0x0a || bytes.indexOf(0x0a) !== bytes.length - 1 || bytes.includes(0)) return bytes
  try {
    new TextDecoder("utf-8", { fatal: true }).decode(bytes)
  } catch {
    return bytes
  }
  return bytes.subarray(0, bytes.at(-2) === 0x0d ? -2 : -1)
}

function readValueFile(path: string): Uint8Array {
  try {
    return readFileBounded(path, valueMaxLength)
  } catch (error) {
    if (error instanceof HalfkeyError) throw error
    throw usageError(`${path} could not be read: ${fileReason(error)}`)
  }
}
