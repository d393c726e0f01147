/** Bytes of a file or of stdin that hold many secrets. */
import { HalfkeyError } from "@halfkey/core/formats/errors"
import { valueMaxLength } from "@halfkey/core/formats/record"
import { unwrap } from "halfkey/admin"
import { type Flags, textFlag } from "../command.ts"
import type { Context } from "../context.ts"
import { usageError } from "../failure.ts"
import { fileReason } from "../input/file-reason.ts"
import { readFileBounded } from "../streams.ts"
import { formatOfFile, readSource, type SourceFormat, sourceFormats } from "./source.ts"

/** Most bytes of a file: half of what the engine's expressions can go back over, and less than a commit may have. */
const fileMaxLength = 4 * 1024 * 1024

export function sourceFormatFrom(flags: Flags): SourceFormat | undefined {
  const text = textFlag(flags, "format")
  const format = sourceFormats.find((known) => known === text)
  if (text === undefined || format !== undefined) return format
  throw usageError(`there is no format ${JSON.stringify(text)}`, `--format ${sourceFormats.join("|")}`)
}

/** Names and values of a file; `-` is stdin. Throws everything that is wrong with it at once, and warns of the rest. */
export async function readSecretsFile(
  context: Context,
  path: string,
  format: SourceFormat | undefined,
): Promise<ReadonlyMap<string, Uint8Array>> {
  const what = path === "-" ? "stdin" : path
  const bytes = await readBounded(context, path, what)
  // Only a file above the usual limit can hold a value above it. What this server takes is asked for then.
  const limit = bytes.length > valueMaxLength ? await serverLimit(context) : valueMaxLength
  const { values, warnings } = await readSource(bytes, format ?? formatOfFile(path), what, limit)
  bytes.fill(0)
  for (const { line, text } of warnings) context.warn(`${what}, line ${line}: ${text}`)
  if (values.size > 0) return values
  throw usageError(`${what} holds no secrets, so nothing was changed`, "NAME=value lines, or another --format")
}

async function readBounded(context: Context, path: string, what: string): Promise<Uint8Array> {
  try {
    return path === "-" ? await context.streams.readAll(fileMaxLength) : readFileBounded(path, fileMaxLength)
  } catch (error) {
    if (error instanceof HalfkeyError && error.code === "value_too_large") {
      throw usageError(`${what} has more than ${fileMaxLength} bytes`, "split it into several")
    }
    throw usageError(`${what} could not be read: ${fileReason(error)}`, hintOf(error))
  }
}

function hintOf(error: unknown): string | undefined {
  if ((error as NodeJS.ErrnoException).code !== "ENOENT") return undefined
  return "the path of a file, or - for stdin; `halfkey import --from-environment NAME` and `halfkey diff A B` take environments"
}

async function serverLimit(context: Context): Promise<number> {
  return unwrap(await (await context.admin()).health()).valueMaxLength
}
