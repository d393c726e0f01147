/** Templates as files: how they are read, and what is told about a wrong one. */
import { HalfkeyError } from "@halfkey/core/formats/errors"
import { usageError } from "../failure.ts"
import { fileReason } from "../input/file-reason.ts"
import { readFileBounded, type Streams } from "../streams.ts"
import { braces, readTemplate, type Template } from "./placeholders.ts"

const templateMaxLength = 16 * 1024 * 1024

/** `-` is stdin. `outcome` begins the error: what was not done. Throws a usage error. */
export async function loadTemplate(path: string, streams: Streams, outcome: string): Promise<Template> {
  const template = readTemplate(await readBytes(path, streams), braces)
  if (template.malformed.length > 0) throw malformed(path === "-" ? "stdin" : path, template, outcome)
  return template
}

async function readBytes(path: string, streams: Streams): Promise<Uint8Array> {
  try {
    return path === "-" ? await streams.readAll(templateMaxLength) : readFileBounded(path, templateMaxLength)
  } catch (error) {
    if (error instanceof HalfkeyError) throw usageError(`a template has at most ${templateMaxLength} bytes`)
    throw usageError(
      `the template ${path} could not be read: ${fileReason(error)}`,
      "-i with the path of a template, or - for stdin",
    )
  }
}

/** The text of the template is not quoted: somebody may have put a value there. */
function malformed(what: string, template: Template, outcome: string): HalfkeyError {
  const where = shownLines([...new Set(template.malformed)])
  return usageError(
    `${outcome}: in ${what}, ${where}, {{ is not followed by the name of a secret and }}`,
    "{{ NAME }}, or {{{{ for two braces themselves",
  )
}

/** For errors. */
export function shownLines(numbers: readonly number[]): string {
  return `${numbers.length === 1 ? "line" : "lines"} ${numbers.join(", ")}`
}
