/** The one error class inside Halfkey. Its code is a row of `problem-codes.ts`; its text never holds a value or a key. */
import { type FailureType, type ProblemCode, problemCodes } from "./problem-codes.ts"

export interface ErrorDetails {
  /** What to do or type next; one sentence. */
  readonly hint?: string | undefined
  /** The name of the failed check, for `keyset_verification_failed` and `record_verification_failed`. */
  readonly check?: string | undefined
  /** Small public facts for machines: ids, numbers, names. Never a value, a key or a token. */
  readonly facts?: Readonly<Record<string, string | number | boolean | readonly string[]>> | undefined
  readonly cause?: unknown
}

/** What failed and why, in `message` (lower case, no full stop), and what to do next, in `hint`. */
export class HalfkeyError extends Error {
  override readonly name = "HalfkeyError"
  readonly code: ProblemCode
  readonly hint: string | undefined
  readonly check: string | undefined
  readonly facts: ErrorDetails["facts"]

  constructor(code: ProblemCode, message: string, details: ErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause })
    this.code = code
    this.hint = details.hint
    this.check = details.check
    this.facts = details.facts
  }

  get type(): FailureType {
    return problemCodes[this.code].type
  }

  get retryable(): boolean {
    return problemCodes[this.code].retryable === true
  }
}

/** What was seen before is not there any more: a lie, or a backup that the operator restored (S10). */
const staleHint =
  "do not go on unless your operator has restored a backup: `halfkey reconcile` lists what the server went back on"

/** Shorthand for a failed check of "Loading a key set" (S4). */
export function keysetCheckFailed(check: string, message: string, facts?: ErrorDetails["facts"]): HalfkeyError {
  return new HalfkeyError("keyset_verification_failed", `check "${check}" failed: ${message}`, {
    check,
    hint:
      check === "freshness"
        ? staleHint
        : "do not go on: the server's answer is not what your team signed. Run `halfkey doctor` and tell your operator",
    facts,
  })
}

/** Shorthand for a failed check of a record (S7). */
export function recordCheckFailed(check: string, message: string): HalfkeyError {
  return new HalfkeyError("record_verification_failed", `check "${check}" failed: ${message}`, {
    check,
    hint:
      check === "freshness"
        ? staleHint
        : "the server's answer is not what a member sealed under this name and version. Tell your operator",
  })
}
