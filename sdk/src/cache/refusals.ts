/** What failures mean for a cache: the server is away, or it refuses who asks. */
import { HalfkeyError } from "@halfkey/core/formats/errors"
import type { ProblemCode } from "@halfkey/core/formats/problem-codes"

const ofClient: readonly ProblemCode[] = [
  "invalid_token",
  "invalid_client",
  "api_key_revoked",
  "client_revoked",
  "device_rejected",
]

const outOfEnvironment: readonly ProblemCode[] = [
  "insufficient_scope",
  "api_key_restricted",
  "client_required",
  "mode_not_allowed",
  "keyset_disabled",
  "keyset_not_found",
]

/** The network or the server is away. Not where it answered and refuses, or asks to slow down. */
export function isOutage(error: unknown): error is HalfkeyError {
  return error instanceof HalfkeyError && (error.type === "NetworkError" || error.code === "unavailable")
}

/** Whatever this client had is over. */
export function isOfClient(error: unknown): boolean {
  return error instanceof HalfkeyError && ofClient.includes(error.code)
}

/** What this client had of the environment is over. */
export function isOutOfEnvironment(error: unknown): boolean {
  return error instanceof HalfkeyError && outOfEnvironment.includes(error.code)
}
