/** Secrets as a file for others. What a format cannot hold to the byte is refused by name, and nothing is written. */
import { HalfkeyError } from "@halfkey/core/formats/errors"
import { utf8 } from "@halfkey/core/primitives/bytes"
import { lossy, textOf } from "../output/lossless.ts"
import { asEnv } from "../output/secret-formats.ts"
import { dangerOf } from "../run/dangerous-names.ts"
import { dockerLine, dotenvLine } from "./dotenv-writer.ts"
import { readSource } from "./source.ts"
import { yamlLine } from "./yaml-writer.ts"

export const exportFormats = ["env", "dotenv", "docker", "json", "yaml"] as const
export type ExportFormat = (typeof exportFormats)[number]

export interface NamedValue {
  readonly name: string
  readonly value: Uint8Array
}

/** Either the text that holds the value, or why none does. */
export type Written = { readonly line: string } | { readonly problem: string }

/**
 * The whole output. `named` are the names that the person typed: only those may change how a shell runs. Throws
 * `lossy_format`, and `invalid_argument` for such a name.
 */
export async function exported(
  secrets: readonly NamedValue[],
  format: ExportFormat,
  named: ReadonlySet<string>,
): Promise<Uint8Array> {
  if (format === "env") {
    for (const { name } of secrets) requireHarmless(name, named)
    return asEnv(secrets, "export ")
  }
  const lines = secrets.map(({ name, value }) => {
    const written = lineIn(format, name, textOf(name, value, format))
    if ("problem" in written) throw lossy(name, format, written.problem)
    return written.line
  })
  const text = format === "json" ? jsonObject(lines) : lines.map((line) => `${line}\n`).join("")
  const bytes = utf8(text)
  if (format !== "docker") await requireSame(secrets, bytes, format)
  return bytes
}

function lineIn(format: Exclude<ExportFormat, "env">, name: string, value: string): Written {
  if (format === "dotenv") return dotenvLine(name, value)
  if (format === "docker") return dockerLine(name, value)
  if (format === "yaml") return { line: yamlLine(name, value) }
  return { line: `  ${JSON.stringify(name)}: ${JSON.stringify(value)}` }
}

function jsonObject(members: readonly string[]): string {
  return members.length === 0 ? "{}\n" : `{\n${members.join(",\n")}\n}\n`
}

/** Nothing leaves that our own import would read otherwise. */
async function requireSame(
  secrets: readonly NamedValue[],
  bytes: Uint8Array,
  format: "dotenv" | "json" | "yaml",
): Promise<void> {
  const { values } = await readSource(bytes, format, "the export", Number.POSITIVE_INFINITY)
  for (const { name, value } of secrets) {
    const back = values.get(name)
    if (back === undefined || Buffer.compare(back, value) !== 0) throw lossy(name, format, "it does not come back")
  }
}

function requireHarmless(name: string, named: ReadonlySet<string>): void {
  const danger = dangerOf(name)
  if (danger === undefined || named.has(name)) return
  throw new HalfkeyError("invalid_argument", `${name} ${danger}: a shell takes it only when it is named`, {
    hint: `name every secret that you want, ${name} too, as arguments`,
  })
}
