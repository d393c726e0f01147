/** Options of commands that have some. */
import { parseArgs } from "node:util"
import { HalfkeyError } from "@halfkey/core/formats/errors"

type Kinds = Readonly<Record<string, "string" | "boolean">>
type Values<Options extends Kinds> = { [Name in keyof Options]?: Options[Name] extends "string" ? string : boolean }

export interface Usage<Options extends Kinds> {
  readonly options: Options
  /** How many words beside the options. */
  readonly words: number
  /** What to type. */
  readonly example: string
}

/** Throws `invalid_argument` with the example as its hint. */
export function readArguments<Options extends Kinds>(
  given: readonly string[],
  { options, words, example }: Usage<Options>,
): { readonly values: Values<Options>; readonly words: readonly string[] } {
  const kinds = Object.fromEntries(
    Object.entries(options).map(([name, type]) => [name, name === "output" ? { type, short: "o" } : { type }]),
  )
  try {
    const { values, positionals } = parseArgs({ args: [...given], options: kinds, allowPositionals: true })
    if (positionals.length === words) return { values: values as Values<Options>, words: positionals }
  } catch (cause) {
    throw usage("unknown arguments", example, cause)
  }
  throw usage(words === 0 ? "unknown arguments" : "the name of a file is needed, and nothing else", example)
}

export function usage(why: string, example: string, cause?: unknown): HalfkeyError {
  return new HalfkeyError("invalid_argument", why, { hint: example, cause })
}
