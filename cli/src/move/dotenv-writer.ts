/** Lines of dotenv files. Only what `dotenv` 18 and Docker Compose read alike is written, and read as the value. */
import type { Written } from "./export-formats.ts"

/** Docker reads files line by line, and no line above this many bytes. */
const dockerLineMaxLength = 65_535

/**
 * One assignment: without quotes where every reader agrees, else in single quotes, which change nothing, else in double ones.
 * Both readers take a backslash before a quote for something else, Compose replaces `$` in double quotes, and `dotenv` makes a
 * newline of every carriage return.
 */
export function dotenvLine(name: string, value: string): Written {
  const problem = nameProblem(name)
  if (problem !== undefined) return { problem }
  if (value.includes("\0")) return { problem: "its value holds a NUL byte" }
  if (isPlain(value)) return { line: `${name}=${value}` }
  if (!/['\r]|\\$/.test(value)) return { line: `${name}='${value}'` }
  if (!/["\\$]/.test(value)) return { line: `${name}="${value.replaceAll("\r", "\\r")}"` }
  return { problem: "no quotes can hold its value (quotes of both kinds, or quotes with $ or a backslash)" }
}

/** A line of a file for `docker run --env-file`: everything behind `=` is the value, quotes and all. */
export function dockerLine(name: string, value: string): Written {
  const problem = nameProblem(name)
  if (problem !== undefined) return { problem }
  if (value.includes("\0")) return { problem: "its value holds a NUL byte" }
  if (/[\r\n]/.test(value)) return { problem: "its value has several lines" }
  const line = `${name}=${value}`
  const { length } = new TextEncoder().encode(line)
  return length > dockerLineMaxLength ? { problem: `its line would have ${length} bytes` } : { line }
}

function nameProblem(name: string): string | undefined {
  return /^[\w.-]+$/.test(name) ? undefined : "its name may hold only letters, digits and _ . -"
}

/** One line that begins no quote and no comment, names no variable, and loses nothing when its ends are trimmed. */
function isPlain(value: string): boolean {
  return !/[#$\p{Cc}\u2028\u2029]/u.test(value) && !/^[\s'"`]|\s$/.test(value)
}
