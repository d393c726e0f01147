/** Reads one YAML mapping of names and values. Every scalar is its own text: 8080, yes and 1.10 are what they look like. */
import { type SourceEntry, type SourceRemark, type SourceText, shownName } from "./source-text.ts"

export async function readYaml(source: string): Promise<SourceText> {
  // Loaded only where there is YAML to read.
  const { isMap, isNode, isScalar, LineCounter, parseDocument } = await import("yaml")
  const lines = new LineCounter()
  const lineOf = (node: { range?: readonly number[] | null } | null) => lines.linePos(node?.range?.[0] ?? 0).line || 1
  // The schema `failsafe` knows text only; names that occur twice are found by whoever reads the entries.
  const document = parseDocument(source, {
    lineCounter: lines,
    schema: "failsafe",
    uniqueKeys: false,
    prettyErrors: false,
    logLevel: "error",
  })
  const problems: SourceRemark[] = document.errors.map(({ code, pos }) => ({
    line: lines.linePos(pos[0]).line || 1,
    // The library's text quotes the line, and so a value.
    text: code === "MULTIPLE_DOCS" ? "a second document begins: only one is read" : "this is no YAML",
  }))
  const { contents } = document
  if (problems.length > 0 || contents === null) return { entries: [], problems, warnings: [] }
  if (!isMap(contents)) {
    const text = "not a mapping of names and values, such as NAME: value"
    return { entries: [], problems: [{ line: lineOf(contents), text }], warnings: [] }
  }
  const entries: SourceEntry[] = []
  for (const { key, value } of contents.items) {
    const line = lineOf(isNode(key) ? key : contents)
    if (!isScalar(key) || typeof key.value !== "string") problems.push({ line, text: "a name is no text" })
    else if (value === null || (isScalar(value) && isNull(value))) {
      problems.push({ line, text: `the value of ${shownName(key.value)} is null: write "" for the empty text` })
    } else if (!isScalar(value) || typeof value.value !== "string" || !isText(value.tag)) {
      problems.push({
        line,
        text: `the value of ${shownName(key.value)} is no text, but a list, a mapping or the like`,
      })
    } else entries.push({ name: key.value, value: value.value, line })
  }
  return { entries, problems, warnings: [] }
}

function isNull({ type, value }: { type?: string | undefined; value: unknown }): boolean {
  return type === "PLAIN" && /^(~|null|Null|NULL|)$/.test(String(value))
}

/** Other tags, such as `!!binary`, make something else of the text. */
function isText(tag: string | undefined): boolean {
  return tag === undefined || tag === "!" || tag === "tag:yaml.org,2002:str"
}
