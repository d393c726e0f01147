/** Reads one JSON object of names and values, with the line of each and every member that occurs twice. */
import { type SourceEntry, type SourceRemark, type SourceText, shownName } from "./source-text.ts"

const token =
  /\s*(?:(?<text>"(?:[^"\\]|\\.)*")|(?<open>[[{])|(?<close>[\]}])|(?<separator>[,:])|(?<word>[^\s",:[\]{}]+))/gy

/**
 * Numbers and booleans are taken as they are written, so that 1.10 and 12345678901234567890 stay what they are; `null`, lists and objects
 * are refused.
 */
export function readJson(source: string): SourceText {
  const problem = syntaxProblem(source)
  if (problem !== undefined) return { entries: [], problems: [problem], warnings: [] }
  const entries: SourceEntry[] = []
  const problems: SourceRemark[] = []
  let depth = 0
  let name: string | undefined
  let line = 1
  let nestedAt = 1
  let at = 0
  // The syntax is checked: what is left is to find the members of the outermost object.
  for (const { 0: whole, groups = {}, index } of source.matchAll(token)) {
    const start = index + whole.search(/\S/)
    line += newlines(source.slice(at, start))
    at = start
    const { close, open, separator, text, word } = groups
    if (open !== undefined) {
      if (depth === 0 && open === "[") return { entries: [], problems: [notAnObject], warnings: [] }
      if (depth === 1) nestedAt = line
      depth++
    } else if (close !== undefined) {
      depth--
      if (depth === 1) {
        problems.push({
          line: nestedAt,
          text: `the value of ${shownName(name ?? "")} is no text, but a list or an object`,
        })
        name = undefined
      }
    } else if (depth === 0) {
      return { entries: [], problems: [notAnObject], warnings: [] }
    } else if (depth === 1 && separator === undefined) {
      if (name === undefined) name = JSON.parse(text ?? '""') as string
      else {
        if (word === "null")
          problems.push({ line, text: `the value of ${shownName(name)} is null: write "" for the empty text` })
        else entries.push({ name, value: text === undefined ? (word ?? "") : (JSON.parse(text) as string), line })
        name = undefined
      }
    }
  }
  return { entries, problems, warnings: [] }
}

const notAnObject: SourceRemark = { line: 1, text: 'not an object of names and values, such as {"NAME": "value"}' }

function syntaxProblem(source: string): SourceRemark | undefined {
  if (isJson(source)) return undefined
  // The engine's own message quotes the text, and so a value, and does not always tell the place: it is where prefixes
  // begin to be refused for something else than their end.
  let low = 0
  let high = source.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (mayGoOn(source.slice(0, middle + 1))) low = middle + 1
    else high = middle
  }
  return { line: 1 + newlines(source.slice(0, low)), text: "this is no JSON" }
}

function isJson(text: string): boolean {
  return refusal(text) === undefined
}

function mayGoOn(prefix: string): boolean {
  const message = refusal(prefix)
  if (message === undefined || /^Unexpected end|^Unterminated/.test(message)) return true
  return Number(/position (\d+)/.exec(message)?.[1] ?? -1) >= prefix.length
}

function refusal(text: string): string | undefined {
  try {
    JSON.parse(text)
    return undefined
  } catch (error) {
    return error instanceof Error ? error.message : "unknown"
  }
}

function newlines(text: string): number {
  return text.split("\n").length - 1
}
