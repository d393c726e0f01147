/** A refusal that came over HTTP, with what it says beside its code. */
import { type ErrorDetails, HalfkeyError } from "@halfkey/core/formats/errors"
import type { ProblemCode } from "@halfkey/core/formats/problem-codes"

export interface RefusalDetails extends ErrorDetails {
  readonly requestId?: string | undefined
  /** How long the server asks to wait. */
  readonly retryAfterMs?: number | undefined
  /** The server's clock minus this machine's. */
  readonly clockSkewMs?: number | undefined
}

export class ServerRefusal extends HalfkeyError {
  readonly requestId: string | undefined
  readonly retryAfterMs: number | undefined
  readonly clockSkewMs: number | undefined

  constructor(code: ProblemCode, message: string, details: RefusalDetails = {}) {
    super(code, message, details)
    this.requestId = details.requestId
    this.retryAfterMs = details.retryAfterMs
    this.clockSkewMs = details.clockSkewMs
  }
}
