/** What a caller may say about its own request, for the audit log (S12): why, and by which ticket. Travels in a header. */
import { HalfkeyError } from "./errors.ts"

/** Header of a request: `reason=…&ticket=…`, each value percent-encoded, each at most once. */
export const auditFieldsHeader = "halfkey-audit"

/** Nobody checks them: an entry says that the caller said so. */
export interface AuditFields {
  /** At most 500 characters. */
  readonly reason?: string | undefined
  /** At most 100 characters. */
  readonly ticket?: string | undefined
}

const maxLengths: Readonly<Record<keyof AuditFields, number>> = { reason: 500, ticket: 100 }
/** The longest of what may be said: a character of a text is at most nine in the header. */
const headerMaxLength = "reason=&ticket=".length + 9 * (maxLengths.reason + maxLengths.ticket)

/** The header's text. Throws `invalid_argument` for what a server would refuse. */
export function encodeAuditFields(fields: AuditFields): string {
  const parts: string[] = []
  for (const name of ["reason", "ticket"] as const) {
    const value = fields[name]
    if (value === undefined) continue
    const problem = valueProblem(name, value)
    if (problem !== undefined) throw new HalfkeyError("invalid_argument", `audit.${name} ${problem}`)
    parts.push(`${name}=${encodeURIComponent(value)}`)
  }
  return parts.join("&")
}

/** Reads the header strictly. Throws `invalid_request`. */
export function parseAuditFields(text: string): AuditFields {
  const fields: { -readonly [Name in keyof AuditFields]: string } = {}
  if (text.length > headerMaxLength) throw refused(`is longer than ${headerMaxLength} characters`)
  for (const part of text.split("&")) {
    const [name = "", encoded, ...rest] = part.split("=")
    if (encoded === undefined || rest.length > 0) throw refused("is not reason=…&ticket=…, percent-encoded")
    if (name !== "reason" && name !== "ticket") throw refused("may hold reason and ticket only")
    if (fields[name] !== undefined) throw refused(`holds ${name} twice`)
    const value = decoded(encoded)
    const problem = value === undefined ? "is not percent-encoded UTF-8" : valueProblem(name, value)
    if (value === undefined || problem !== undefined) throw refused(`holds a ${name} that ${problem}`)
    fields[name] = value
  }
  return fields
}

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text)
  } catch {
    return undefined
  }
}

function valueProblem(name: keyof AuditFields, value: string): string | undefined {
  if (value === "") return "is empty"
  if (value.length > maxLengths[name]) return `has more than ${maxLengths[name]} characters`
  if (!value.isWellFormed()) return "holds half of a character"
  // Line ends and escapes would let it pass for other lines wherever it is shown.
  return /[\p{Cc}\p{Zl}\p{Zp}]/u.test(value) ? "holds a control character" : undefined
}

function refused(why: string): HalfkeyError {
  return new HalfkeyError("invalid_request", `the header ${auditFieldsHeader} ${why}`, {
    hint: `send it as ${auditFieldsHeader}: reason=moving%20house&ticket=OPS-12`,
  })
}
