/** Reads what a server answers when it refuses: problem documents (RFC 9457), token errors (RFC 6749), and a proxy's own pages. */
import { isProblemCode, type ProblemCode, problemCodes } from "@halfkey/core/formats/problem-codes"
import { invalidResponse } from "./answer-reader.ts"
import { cleanFacts, cleanText } from "./failure.ts"
import { type RefusalDetails, ServerRefusal } from "./server-refusal.ts"
import type { TransportResponse } from "./transport.ts"

/** Header names of `core/wire/problem.ts`; the types hold both in step. */
type ProblemWire = typeof import("@halfkey/core/wire/problem")
const requestIdHeader: ProblemWire["requestIdHeader"] = "halfkey-request-id"
const problemContentType: ProblemWire["problemContentType"] = "application/problem+json"

/** The failure that a response of status 400 and above stands for. `now` is in milliseconds since 1970. */
export function readRefusal(response: TransportResponse, now: number): Error {
  const { status, headers } = response
  const common: RefusalDetails = {
    // Node reads bytes from 0x80 on as characters, of which some are codes of terminals.
    requestId: cleanOrNone(headers[requestIdHeader]),
    retryAfterMs: retryAfterMs(headers["retry-after"], now),
    clockSkewMs: clockSkewMs(headers["date"], now),
  }
  const document = isJson(headers["content-type"]) ? readObject(response.body) : undefined
  if (document === undefined) return refusalWithoutDocument(status, common)
  const text = (name: string) => {
    const value = Object.hasOwn(document, name) ? document[name] : undefined
    return typeof value === "string" ? cleanOrNone(value) : undefined
  }
  // RFC 6749 knows no 403: the token endpoint answers 400 instead.
  const isForbidden = status === 400 && text("error") !== undefined && text("code") !== undefined
  const code = codeOf(text("code"), status) ?? (isForbidden ? codeOf(text("code"), 403) : undefined)
  if (code === undefined) return invalidResponse(`it refused with status ${status} and no code that this version knows`)
  const message = text("detail") ?? text("error_description") ?? problemCodes[code].title
  const facts = document["facts"]
  return new ServerRefusal(code, message, {
    ...common,
    requestId: common.requestId ?? text("requestId"),
    hint: text("hint"),
    check: text("check"),
    facts: typeof facts === "object" && facts !== null ? cleanFacts(facts as Record<string, unknown>) : undefined,
  })
}

function cleanOrNone(text: string | undefined): string | undefined {
  return text ? cleanText(text) : undefined
}

/** The server's clock minus this machine's, give or take half a second. */
export function clockSkewMs(date: string | undefined, now: number): number | undefined {
  const served = date === undefined ? Number.NaN : Date.parse(date)
  // The header leaves the milliseconds out: half a second is the middle of what it can mean.
  return Number.isNaN(served) ? undefined : served + 500 - now
}

export function isJson(contentType: string | undefined): boolean {
  const mediaType = contentType?.split(";")[0]?.trim().toLowerCase()
  return mediaType === "application/json" || mediaType === problemContentType
}

/** A code counts only with its own status: a server must not raise what only this machine can find out. */
function codeOf(code: string | undefined, status: number): ProblemCode | undefined {
  if (code !== undefined && isProblemCode(code) && problemCodes[code].status === status) return code
  return codeByStatus(status)
}

function codeByStatus(status: number): ProblemCode | undefined {
  if (status === 401) return "invalid_client"
  if (status === 403) return "insufficient_scope"
  if (status === 404) return "route_not_found"
  if (status === 413) return "payload_too_large"
  if (status === 429) return "rate_limited"
  if (status === 502 || status === 503 || status === 504) return "unavailable"
  return status >= 500 ? "internal_error" : undefined
}

/** A proxy, or something that is no halfkey server at all. */
function refusalWithoutDocument(status: number, common: RefusalDetails): Error {
  const code = status >= 429 ? codeByStatus(status) : undefined
  if (code === undefined) return invalidResponse(`it refused with status ${status} and without a problem document`)
  return new ServerRefusal(code, `${problemCodes[code].title} (status ${status})`, {
    ...common,
    hint: "a proxy between here and the server may have answered; try again, then ask its operator",
  })
}

function readObject(body: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(body)
    return typeof value === "object" && value !== null && !Array.isArray(value) ? { ...value } : undefined
  } catch {
    return undefined
  }
}

const retryAfterMaxMs = 24 * 60 * 60 * 1000

/** `Retry-After` as seconds or as a date (RFC 9110). */
function retryAfterMs(header: string | undefined, now: number): number | undefined {
  if (header === undefined) return undefined
  const ms = /^\d{1,9}$/.test(header) ? Number(header) * 1000 : Date.parse(header) - now
  return ms >= 0 ? Math.min(ms, retryAfterMaxMs) : undefined
}
