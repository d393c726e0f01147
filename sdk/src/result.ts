/** What every method resolves to: the data, or one failure as plain data. Nothing here ever holds a value, key or token. */
import type { ErrorDetails } from "@halfkey/core/formats/errors"
import type { FailureType, ProblemCode } from "@halfkey/core/formats/problem-codes"

export type { FailureType, ProblemCode }

/** Small public facts about a failure, for machines: names, ids, numbers. */
export type FailureFacts = NonNullable<ErrorDetails["facts"]>

/** Why a call gave nothing: plain data that can be logged, without a value, key or token. */
export interface Failure {
  /** Who has to act: `ApiError` the server refused, `NetworkError` it was not reached, `ClientError` what was asked or configured, `EncryptionError` and `DecryptionError` a check failed. */
  readonly type: FailureType
  /** Stable name of the failure; rows are added, never renamed. */
  readonly code: ProblemCode
  /** What failed and why; lower case, no full stop. */
  readonly message: string
  /** Whether the same call can succeed later. */
  readonly retryable: boolean
  /** What to do next. */
  readonly hint?: string
  /** The name of the failed check, for `keyset_verification_failed` and `record_verification_failed`. */
  readonly check?: string
  readonly facts?: FailureFacts
  /** Names the request in the server's log. */
  readonly requestId?: string
}

/** `data`, or `failure`: never both. */
export type Result<T> =
  | { readonly data: T; readonly failure?: undefined }
  | { readonly data?: undefined; readonly failure: Failure }

/**
 * A failure as an exception, for people who prefer those. Its fields are those of `Failure`.
 *
 * @example
 * const result = await secrets.get("NOWHERE")
 * if (result.failure) console.log(new SecretsError(result.failure).message) // prints there is no secret NOWHERE in production
 */
export class SecretsError extends Error implements Failure {
  override readonly name = "SecretsError"
  readonly type: FailureType
  readonly code: ProblemCode
  readonly retryable: boolean
  declare readonly hint?: string
  declare readonly check?: string
  declare readonly facts?: FailureFacts
  declare readonly requestId?: string

  constructor(failure: Failure) {
    super(failure.message)
    this.type = failure.type
    this.code = failure.code
    this.retryable = failure.retryable
    if (failure.hint !== undefined) this.hint = failure.hint
    if (failure.check !== undefined) this.check = failure.check
    if (failure.facts !== undefined) this.facts = failure.facts
    if (failure.requestId !== undefined) this.requestId = failure.requestId
  }
}

/**
 * The data of a result. Throws `SecretsError` for a failure.
 *
 * @example
 * try {
 *   unwrap(await secrets.get("NOWHERE"))
 * } catch (error) {
 *   if (error instanceof SecretsError) console.log(error.code) // prints secret_not_found
 * }
 */
export function unwrap<T>(result: Result<T>): T {
  if (result.failure !== undefined) throw new SecretsError(result.failure)
  return result.data as T
}
