/** Numbers on the command line. */
import { type Flags, textFlag } from "../command.ts"
import { usageError } from "../failure.ts"

/** A whole number from 0, or `undefined` when the option was not given. */
export function wholeNumberFlag(flags: Flags, name: string, option: string): number | undefined {
  const text = textFlag(flags, name)
  if (text === undefined) return undefined
  const number = Number(text)
  if (/^\d{1,15}$/.test(text) && Number.isSafeInteger(number)) return number
  throw usageError(`${option} takes a whole number, got ${JSON.stringify(text)}`)
}
