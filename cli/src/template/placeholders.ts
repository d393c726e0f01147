/** Texts with places for secrets: where the places are, and what stands there afterwards. Bytes, so that nothing is mangled. */
import { secretNameProblem } from "@halfkey/core/formats/secret-name"
import { concatBytes } from "@halfkey/core/primitives/bytes"

/** A place for the value of a secret. */
export interface Placeholder {
  readonly name: string
  /** From 1. */
  readonly line: number
}

export interface Template {
  /** In order. */
  readonly parts: readonly (Uint8Array | Placeholder)[]
  /** Lines where a place begins and is none. */
  readonly malformed: readonly number[]
}

/** How places are written: what stands for the opening itself, a whole place with its name, or only an opening. */
export interface Syntax {
  readonly pattern: RegExp
  /** What the doubled opening stands for. */
  readonly opening: string
}

/** `{{ NAME }}`; `{{{{` stands for `{{`. */
export const braces: Syntax = { pattern: /(\{\{\{\{)|\{\{[ \t]*([A-Za-z_][\w./-]*)[ \t]*\}\}|\{\{/g, opening: "{{" }

/** `${NAME}`; `$${` stands for `${`. */
export const dollars: Syntax = { pattern: /(\$\$\{)|\$\{([A-Za-z_][\w./-]*)\}|\$\{/g, opening: "${" }

/** Finds the places. Never throws: what is malformed is for the caller to tell. */
export function readTemplate(bytes: Uint8Array, { pattern, opening }: Syntax): Template {
  // One character for each byte.
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("latin1")
  const parts: (Uint8Array | Placeholder)[] = []
  const malformed: number[] = []
  let line = 1
  let end = 0
  for (const match of text.matchAll(pattern)) {
    const [whole, doubled, name] = match
    line += linesIn(text.slice(end, match.index))
    parts.push(bytes.subarray(end, match.index))
    end = match.index + whole.length
    if (doubled !== undefined) parts.push(Buffer.from(opening))
    else if (name !== undefined && secretNameProblem(name) === undefined) parts.push({ name, line })
    else malformed.push(line)
  }
  parts.push(bytes.subarray(end))
  return { parts, malformed }
}

/** The lines of each name, in order of the first. */
export function placesOf({ parts }: Template): ReadonlyMap<string, readonly number[]> {
  const places = new Map<string, number[]>()
  for (const part of parts) {
    if (part instanceof Uint8Array) continue
    const lines = places.get(part.name)
    if (lines === undefined) places.set(part.name, [part.line])
    else if (lines.at(-1) !== part.line) lines.push(part.line)
  }
  return places
}

/** Puts the values in; they are not searched for places again. Throws for a name without a value. */
export function fillTemplate({ parts }: Template, lookUp: (name: string) => Uint8Array | undefined): Uint8Array {
  const filled = parts.map((part) => {
    const value = part instanceof Uint8Array ? part : lookUp(part.name)
    if (value === undefined) throw new Error("a place without a value")
    return value
  })
  return concatBytes(...filled)
}

function linesIn(text: string): number {
  return text.split("\n").length - 1
}
