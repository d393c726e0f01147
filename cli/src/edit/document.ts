/** An environment as a text to edit: YAML in which every value is text, so that 007, yes and 1e3 are what they look like. */
import { fromUtf8, utf8 } from "@halfkey/core/primitives/bytes"
import { readSource } from "../move/source.ts"
import { yamlLine } from "../move/yaml-writer.ts"

/** Most bytes that any server may be configured to take (S7); its own limit is checked before anything is sent. */
const valueMaxLength = 1024 * 1024

export interface EditableText {
  readonly text: string
  /** Values that are no text: they are not in it, and stay as they are. */
  readonly leftOut: ReadonlyMap<string, Uint8Array>
}

/** Whatever the values hold, `readDocument` gives them back exactly. */
export async function documentOf(environment: string, values: ReadonlyMap<string, Uint8Array>): Promise<EditableText> {
  const lines: string[] = []
  const leftOut = new Map<string, Uint8Array>()
  for (const [name, value] of values) {
    const text = textOf(value)
    if (text === undefined) leftOut.set(name, value)
    else lines.push(await entryOf(name, text, value))
  }
  const heading = [
    `Secrets of ${environment}, as NAME: value. Deleting a line deletes the secret.`,
    "All is saved at once when the editor closes; nothing is while the file is as it was, or empty.",
    ...[...leftOut.keys()].map((name) => `${name} is no text, and stays as it is.`),
  ]
  return { text: `${heading.map((line) => `# ${line}\n`).join("")}\n${lines.join("")}`, leftOut }
}

/** Throws `invalid_argument` with all problems by their lines, and never with a value. */
export async function readDocument(content: Uint8Array): Promise<ReadonlyMap<string, Uint8Array>> {
  return (await readSource(content, "yaml", "the file", valueMaxLength)).values
}

/** As people write it, in several lines where the value has them; where that is read as another value, in double quotes. */
async function entryOf(name: string, text: string, value: Uint8Array): Promise<string> {
  const { stringify } = await import("yaml")
  const readable = stringify(new Map([[name, text]]), { lineWidth: 0 })
  try {
    const back = (await readDocument(utf8(readable))).get(name)
    if (back !== undefined && Buffer.compare(back, value) === 0) return readable
  } catch {
    // Not even read: the other way holds everything.
  }
  return `${yamlLine(name, text)}\n`
}

function textOf(value: Uint8Array): string | undefined {
  try {
    return fromUtf8(value)
  } catch {
    return undefined
  }
}
