/** What an import reads: names and values with the lines that they came from, and everything that is wrong with them. */
import { HalfkeyError } from "@halfkey/core/formats/errors"
import { valueMaxLength } from "@halfkey/core/formats/record"
import { secretNameProblem } from "@halfkey/core/formats/secret-name"
import { utf8 } from "@halfkey/core/primitives/bytes"
import { usageError } from "../failure.ts"
import { readDotenv } from "./dotenv-reader.ts"
import { readJson } from "./json-reader.ts"
import { type SourceEntry, type SourceRemark, type SourceText, shownName } from "./source-text.ts"
import { readYaml } from "./yaml-reader.ts"

export const sourceFormats = ["dotenv", "json", "yaml"] as const
export type SourceFormat = (typeof sourceFormats)[number]

export interface Source {
  readonly values: ReadonlyMap<string, Uint8Array>
  readonly warnings: readonly SourceRemark[]
}

/** By the end of the file's name; everything else is taken for dotenv, whose files have many names. */
export function formatOfFile(path: string): SourceFormat {
  if (/\.json$/i.test(path)) return "json"
  return /\.ya?ml$/i.test(path) ? "yaml" : "dotenv"
}

/**
 * Reads a whole file. `what` names it in errors; `limit` are the most bytes of a value that the server takes. Throws
 * `invalid_argument` with all problems at once, each with its line, and never with a value.
 */
export async function readSource(
  bytes: Uint8Array,
  format: SourceFormat,
  what: string,
  limit = valueMaxLength,
): Promise<Source> {
  const { entries, problems, warnings } = await readers[format](textOf(bytes, what))
  const found = [...problems, ...problemsOf(entries, limit)].sort((left, right) => left.line - right.line)
  if (found.length > 0) throw refused(found, what, format)
  return { values: new Map(entries.map(({ name, value }) => [name, utf8(value)])), warnings }
}

const readers: Readonly<Record<SourceFormat, (text: string) => SourceText | Promise<SourceText>>> = {
  dotenv: readDotenv,
  json: readJson,
  yaml: readYaml,
}

function textOf(bytes: Uint8Array, what: string): string {
  try {
    // A byte order mark at the beginning is no part of the text.
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes)
  } catch {
    throw usageError(
      `${what} is no UTF-8 text`,
      "save it as UTF-8, or write its bytes as one secret: halfkey set NAME --value-file FILE",
    )
  }
}

function problemsOf(entries: readonly SourceEntry[], limit: number): SourceRemark[] {
  const lines = new Map<string, number>()
  return entries.flatMap(({ line, name, value }) => {
    const texts: string[] = []
    const first = lines.get(name)
    lines.set(name, first ?? line)
    const problem = secretNameProblem(name)
    if (problem !== undefined) texts.push(`the secret name ${shownName(name)} is not allowed: ${problem}`)
    else if (first !== undefined) texts.push(`${name} is in line ${first} already`)
    if (!value.isWellFormed()) texts.push(`the value of ${shownName(name)} is no text: it holds half a character`)
    const { length } = utf8(value)
    if (length > limit) texts.push(`the value of ${shownName(name)} has ${length} bytes, at most ${limit} are allowed`)
    return texts.map((text) => ({ line, text }))
  })
}

function refused(problems: readonly SourceRemark[], what: string, format: SourceFormat): HalfkeyError {
  const lines = problems.map(({ line, text }) => `\n  line ${line}: ${text}`)
  const many = problems.length === 1 ? "a problem" : `${problems.length} problems`
  return new HalfkeyError("invalid_argument", `${what} has ${many}, and nothing was sent${lines.join("")}`, {
    hint: `correct the file; it was read as ${format}, --format names another one`,
  })
}
