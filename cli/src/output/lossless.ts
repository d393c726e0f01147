/** What a format cannot hold is refused by name, never mangled. */
import { HalfkeyError } from "@halfkey/core/formats/errors"
import { fromUtf8 } from "@halfkey/core/primitives/bytes"

/** The value as text. Throws `lossy_format` for one that is no UTF-8. */
export function textOf(name: string, value: Uint8Array, format: string): string {
  try {
    return fromUtf8(value)
  } catch {
    throw lossy(name, format, "its value is no UTF-8 text")
  }
}

/** `lossy_format`, which names the secret and says why, never what it holds. */
export function lossy(name: string, format: string, why: string): HalfkeyError {
  return new HalfkeyError("lossy_format", `the format ${format} cannot hold ${name}: ${why}`, {
    hint: `halfkey get ${name}   (prints the exact bytes)`,
  })
}
