/** From what was thrown inside to what the caller gets: plain data that holds no value, key or token (canary tests). */
import { HalfkeyError } from "@halfkey/core/formats/errors"
import { problemCodes } from "@halfkey/core/formats/problem-codes"
import { WrongType } from "./argument-types.ts"
import type { Failure, FailureFacts, Result } from "./result.ts"
import { ServerRefusal } from "./server-refusal.ts"

/** Runs the work of one public method. Resolves always, but for programming errors of the caller (`TypeError` from `argument-types.ts`). */
export async function toResult<T>(work: () => Promise<T>): Promise<Result<T>> {
  try {
    return { data: await work() }
  } catch (error) {
    if (error instanceof WrongType) throw error
    return { failure: toFailure(error) }
  }
}

/** What the caller gets to see of anything that was thrown. */
export function toFailure(error: unknown): Failure {
  if (!(error instanceof HalfkeyError)) return unexpectedFailure(error)
  const { code, check, facts, hint, message } = error
  return {
    type: problemCodes[code].type,
    code,
    message: cleanText(message),
    retryable: error.retryable,
    ...(hint !== undefined && { hint: cleanText(hint) }),
    ...(check !== undefined && { check: cleanText(check) }),
    ...(facts !== undefined && { facts: cleanFacts(facts) }),
    ...(error instanceof ServerRefusal && error.requestId !== undefined && { requestId: cleanText(error.requestId) }),
  }
}

/** The text of a foreign error can quote what it choked on, so only its kind and its place are told. */
function unexpectedFailure(error: unknown): Failure {
  const kind = error instanceof Error ? error.constructor.name : typeof error
  const place =
    error instanceof Error ? /^\s+at .*$/m.exec(error.stack?.replace(error.message, "") ?? "")?.[0] : undefined
  return {
    type: problemCodes.unexpected.type,
    code: "unexpected",
    message: `halfkey stopped at an unexpected ${cleanText(kind)}`,
    retryable: false,
    hint: "this is a bug: please report it, with the place",
    ...(place !== undefined && { facts: { place: cleanText(place.trim()) } }),
  }
}

const textMaxLength = 500

/**
 * Text that a server had a hand in may carry terminal codes, or give back a key that was sent to it: both are taken out.
 */
export function cleanText(text: string): string {
  return text
    .slice(0, 4 * textMaxLength)
    .replace(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]+/gu, " ")
    .replace(/hk(?:ck|rk|ak|st)_[\w-]{8,}/g, "[redacted]")
    .replace(/eyJ[\w-]+(?:\.[\w-]*)*/g, "[redacted]")
    .slice(0, textMaxLength)
}

const factsMaxCount = 20
const listMaxCount = 1000

export function cleanFacts(facts: Readonly<Record<string, unknown>>): FailureFacts {
  const cleaned: [string, FailureFacts[string]][] = []
  for (const [name, value] of Object.entries(facts).slice(0, factsMaxCount)) {
    if (typeof value === "string") cleaned.push([cleanText(name), cleanText(value)])
    else if (typeof value === "number" || typeof value === "boolean") cleaned.push([cleanText(name), value])
    else if (Array.isArray(value)) {
      const texts = value.slice(0, listMaxCount).filter((item) => typeof item === "string")
      cleaned.push([cleanText(name), texts.map(cleanText)])
    }
  }
  return Object.fromEntries(cleaned)
}
