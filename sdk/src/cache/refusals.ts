/** What failures mean for a cache (S14): the server is away, or it refuses who asks. */
import { HalfkeyError } from "@halfkey/core/formats/errors"

const ofClient = ["invalid_token", "invalid_client", "api_key_revoked", "client_revoked", "device_rejected"]

const ofEnvironment = [
  "insufficient_scope",
  "api_key_restricted",
  "client_required",
  "mode_not_allowed",
  "keyset_disabled",
  "keyset_not_found",
]

/**
 * What of a client's caches a failure of this code deletes: all, those of the environment that was asked for, or nothing.
 *
 * @example
 * console.log(deletedBy("client_revoked"), deletedBy("timeout")) // prints client undefined
 */
export function deletedBy(code: string): "client" | "environment" | undefined {
  if (ofClient.includes(code)) return "client"
  return ofEnvironment.includes(code) ? "environment" : undefined
}

/** The network or the server is away. Not where it answered and refuses, or asks to slow down. */
export function isOutage(error: unknown): error is HalfkeyError {
  return error instanceof HalfkeyError && (error.type === "NetworkError" || error.code === "unavailable")
}
