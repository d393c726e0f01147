/** Values in formats for other programs. Each holds every value exactly, or is refused with the name that it cannot hold. */
import { concatBytes, utf8 } from "@halfkey/core/primitives/bytes"
import type { Secret } from "halfkey/secrets"
import type { Context } from "../context.ts"
import { printData, printRows, separated } from "./formats.ts"
import { lossy, textOf } from "./lossless.ts"
import { isVariableName, shellQuote } from "./shell-quote.ts"

/** Prints in the format of `-o`, `env` by default. Nothing is printed when one value does not fit. */
export async function printSecrets(context: Context, secrets: readonly Secret[], show: boolean): Promise<void> {
  const format = context.options.output ?? (context.options.plain ? "tsv" : "env")
  if (format === "env") return context.streams.out(asEnv(secrets))
  if (format === "table") {
    const rows = secrets.map(({ name, version, value }) => ({
      name,
      version,
      value: show ? textOf(name, value, format) : "••••••••",
    }))
    const columns = ["name", "version", "value"].map((key) => ({ key, title: key.toUpperCase() }))
    return printRows(context, columns, rows)
  }
  if (format === "tsv") {
    const lines = secrets.map(({ name, version, value }) => [name, String(version), textOf(name, value, format)])
    const heading = context.options.plain ? [] : [["name", "version", "value"]]
    return context.streams.out(separated([...heading, ...lines]))
  }
  // A Map would keep a name like __proto__ apart, but JSON.stringify needs an object: one without a prototype.
  const values: Record<string, string> = Object.create(null)
  for (const { name, value } of secrets) values[name] = textOf(name, value, format)
  await printData(context, values)
}

/** `NAME='value'` lines for a POSIX shell, each behind `before`. Throws `lossy_format`. */
export function asEnv(secrets: readonly Pick<Secret, "name" | "value">[], before = ""): Uint8Array {
  const parts: Uint8Array[] = []
  for (const { name, value } of secrets) {
    if (!isVariableName(name)) throw lossy(name, "env", "its name is no name of a variable")
    const quoted = shellQuote(value)
    if (quoted === undefined) throw lossy(name, "env", "its value holds a NUL byte")
    parts.push(utf8(`${before}${name}=`), quoted, utf8("\n"))
  }
  return concatBytes(...parts)
}
