/**
 * Reads dotenv files as the package `dotenv` 18 does, to the byte, and says what that package passes over in silence: lines
 * that it does not understand, quotes that do not close, what it takes for a comment.
 */
import type { SourceEntry, SourceRemark, SourceText } from "./source-text.ts"

/**
 * One assignment, by the rules of `dotenv`: an optional `export`, a name, `=` or `: `, and a value that is quoted (over
 * several lines, too), or goes on to `#` or the end of its line.
 */
const assignment =
  /^\s*(?:export\s+)?(?<name>[\w.-]+)(?:\s*=\s*?|:\s+?)(?<value>(?<quoted>\s*'(?:\\'|[^'])*'|\s*"(?:\\"|[^"])*"|\s*`(?:\\`|[^`])*`)|[^#\r\n]+)?\s*(?<comment>#.*)?$/gm

export function readDotenv(source: string): SourceText {
  const text = source.replace(/\r\n?/g, "\n")
  const lineOf = lineCounter(text)
  const entries: SourceEntry[] = []
  const problems: SourceRemark[] = []
  const warnings: SourceRemark[] = []
  let end = 0
  for (const match of text.matchAll(assignment)) {
    const { name = "", value = "", quoted, comment } = match.groups ?? {}
    problems.push(...leftOver(text, end, match.index, lineOf))
    end = match.index + match[0].length
    const line = lineOf(match.index + match[0].search(/\S/))
    const trimmed = value.trim()
    if (quoted === undefined && /^['"`]/.test(trimmed)) {
      problems.push({ line, text: `the value of ${name} opens a quote, which does not close at its end` })
    }
    if (comment !== undefined && quoted === undefined && !/\s/.test(text.charAt(end - comment.length - 1))) {
      warnings.push({ line, text: `the value of ${name} ends before #: quote it if # belongs to it` })
    }
    entries.push({ name, value: unquoted(trimmed), line })
  }
  problems.push(...leftOver(text, end, text.length, lineOf))
  return { entries, problems, warnings }
}

/** What is left of the quotes, with the escapes of double ones. A value that opens no quote is itself. */
function unquoted(value: string): string {
  const inner = value.replace(/^(['"`])([\s\S]*)\1$/gm, "$2")
  return value.startsWith('"') ? inner.replace(/\\n/g, "\n").replace(/\\r/g, "\r") : inner
}

/** Lines between assignments that are neither empty nor comments. */
function leftOver(text: string, from: number, to: number, lineOf: (offset: number) => number): SourceRemark[] {
  const remarks: SourceRemark[] = []
  let offset = from
  for (const line of text.slice(from, to).split("\n")) {
    if (/^\s*[^#\s]/.test(line)) remarks.push({ line: lineOf(offset), text: "not understood: NAME=value was expected" })
    offset += line.length + 1
  }
  return remarks
}

/** Lines from 1, for offsets that only grow. */
function lineCounter(text: string): (offset: number) => number {
  let line = 1
  let at = 0
  return (offset) => {
    for (let next = text.indexOf("\n", at); next !== -1 && next < offset; next = text.indexOf("\n", at)) {
      line++
      at = next + 1
    }
    return line
  }
}
