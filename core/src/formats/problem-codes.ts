/**
 * The one table of failures: code ↔ HTTP status ↔ SDK failure type ↔ CLI exit code ↔ meaning.
 * `status: 0` means that the code never travels over HTTP: it arises on the client's machine or at server start.
 */

/** The `type` of an SDK failure. */
export type FailureType = "ApiError" | "NetworkError" | "ClientError" | "EncryptionError" | "DecryptionError"

/** CLI exit codes: 0 ok, 1 unexpected, 2 usage, 3 not found, 4 not allowed, 5 conflict, 6 network or stale, 7 integrity, 8 differences. */
export type ExitCode = 0 | 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8

export interface ProblemRow {
  readonly status: number
  readonly type: FailureType
  readonly exit: ExitCode
  /** Short, constant title for people. */
  readonly title: string
  /** Whether sending the same request again later can succeed. */
  readonly retryable?: true
}

const rows = {
  // What the caller gave is not usable.
  invalid_argument: { status: 0, type: "ClientError", exit: 2, title: "an argument is not usable" },
  missing_configuration: { status: 0, type: "ClientError", exit: 2, title: "a setting is missing" },
  invalid_configuration: { status: 0, type: "ClientError", exit: 2, title: "a setting is not usable" },
  invalid_crn: { status: 400, type: "ClientError", exit: 2, title: "not a workspace CRN" },
  invalid_key_text: { status: 400, type: "ClientError", exit: 2, title: "a key has a typing error" },
  invalid_secret_name: { status: 400, type: "ClientError", exit: 2, title: "not a secret name" },
  invalid_request: { status: 400, type: "ApiError", exit: 2, title: "the request is malformed" },
  schema_mismatch: { status: 0, type: "ClientError", exit: 2, title: "secrets do not fit their schema" },
  value_too_large: { status: 413, type: "ClientError", exit: 2, title: "the value is too large" },
  payload_too_large: { status: 413, type: "ApiError", exit: 2, title: "the request is too large" },
  unsupported_media_type: { status: 415, type: "ApiError", exit: 2, title: "the content type is not supported" },
  wrong_region: { status: 421, type: "ApiError", exit: 2, title: "the workspace lives in another region" },
  invalid_document: { status: 422, type: "ApiError", exit: 7, title: "a signed document is refused" },

  // Who the caller is, and what it may do.
  invalid_token: { status: 401, type: "ApiError", exit: 4, title: "the access token is not valid" },
  invalid_client: { status: 401, type: "ApiError", exit: 4, title: "the client could not be authenticated" },
  invalid_setup_token: { status: 401, type: "ApiError", exit: 4, title: "the setup token is not valid" },
  api_key_revoked: { status: 401, type: "ApiError", exit: 4, title: "the API key is revoked or expired" },
  client_revoked: { status: 401, type: "ApiError", exit: 4, title: "the client is revoked" },
  device_pending: { status: 400, type: "ApiError", exit: 4, title: "the device was not approved yet" },
  device_rejected: { status: 400, type: "ApiError", exit: 4, title: "the device was rejected" },
  insufficient_scope: { status: 403, type: "ApiError", exit: 4, title: "the API key does not allow this" },
  api_key_restricted: {
    status: 403,
    type: "ApiError",
    exit: 4,
    title: "the API key is narrowed and does not allow this",
  },
  client_required: { status: 403, type: "ApiError", exit: 4, title: "this needs a token with a client" },
  mode_not_allowed: {
    status: 403,
    type: "ApiError",
    exit: 4,
    title: "the client's mode in this environment does not allow this",
  },
  keyset_disabled: { status: 403, type: "ApiError", exit: 4, title: "the key set is disabled" },
  not_a_granter: { status: 0, type: "ClientError", exit: 4, title: "this client may not sign membership" },

  // What is not there.
  keyset_not_found: { status: 404, type: "ApiError", exit: 3, title: "no such environment, or no grant for it" },
  secret_not_found: { status: 404, type: "ApiError", exit: 3, title: "no such secret" },
  client_not_found: { status: 404, type: "ApiError", exit: 3, title: "no such client" },
  device_not_found: { status: 404, type: "ApiError", exit: 3, title: "no such device" },
  api_key_not_found: { status: 404, type: "ApiError", exit: 3, title: "no such API key" },
  audit_entry_not_found: { status: 404, type: "ApiError", exit: 3, title: "no such audit entry" },
  route_not_found: { status: 404, type: "ApiError", exit: 3, title: "no such route" },
  method_not_allowed: { status: 405, type: "ApiError", exit: 2, title: "the route has no such method" },

  // What somebody else changed first.
  version_conflict: { status: 409, type: "ApiError", exit: 5, title: "the secret changed in the meantime" },
  epoch_changed: {
    status: 409,
    type: "ApiError",
    exit: 5,
    title: "the environment's keys were rotated in the meantime",
  },
  revision_conflict: { status: 409, type: "ApiError", exit: 5, title: "the document changed in the meantime" },
  already_exists: { status: 409, type: "ApiError", exit: 5, title: "it exists already" },

  // What proves that somebody lies, or that data is damaged.
  keyset_verification_failed: { status: 0, type: "DecryptionError", exit: 7, title: "a key set did not pass a check" },
  record_verification_failed: { status: 0, type: "DecryptionError", exit: 7, title: "a record did not pass a check" },
  audit_verification_failed: { status: 0, type: "ApiError", exit: 7, title: "the audit log did not pass a check" },
  encryption_failed: { status: 0, type: "EncryptionError", exit: 7, title: "a value could not be encrypted" },
  invalid_response: { status: 0, type: "ApiError", exit: 7, title: "the server's answer is malformed" },
  cache_damaged: { status: 0, type: "DecryptionError", exit: 7, title: "the cache did not pass a check" },
  lossy_format: { status: 0, type: "ClientError", exit: 7, title: "the format cannot hold a value" },

  // What may pass.
  rate_limited: { status: 429, type: "ApiError", exit: 6, title: "too many requests", retryable: true },
  internal_error: { status: 500, type: "ApiError", exit: 1, title: "the server failed" },
  unavailable: { status: 503, type: "ApiError", exit: 6, title: "the server is not ready", retryable: true },
  storage_full: { status: 507, type: "ApiError", exit: 6, title: "the server's disk is full" },
  server_unreachable: {
    status: 0,
    type: "NetworkError",
    exit: 6,
    title: "the server cannot be reached",
    retryable: true,
  },
  not_cached: { status: 0, type: "ClientError", exit: 6, title: "it is not in the cache" },
  cache_stale: { status: 0, type: "ClientError", exit: 6, title: "what is cached is too old" },
  timeout: { status: 0, type: "NetworkError", exit: 6, title: "no answer in time", retryable: true },
  aborted: { status: 0, type: "ClientError", exit: 1, title: "the caller gave up" },

  // What stops a server from starting.
  port_in_use: { status: 0, type: "ClientError", exit: 2, title: "the port is taken" },
  data_directory_in_use: { status: 0, type: "ClientError", exit: 2, title: "another server uses the data directory" },
  insecure_listen: { status: 0, type: "ClientError", exit: 2, title: "listening beyond loopback without TLS" },
  root_key_mismatch: { status: 0, type: "ClientError", exit: 7, title: "the root key is not the database's" },
  database_too_new: { status: 0, type: "ClientError", exit: 7, title: "the database is from a newer version" },
  database_damaged: { status: 0, type: "ClientError", exit: 7, title: "the database is damaged" },
  backup_damaged: { status: 0, type: "ClientError", exit: 7, title: "the backup is damaged or was changed" },
  unexpected: { status: 0, type: "ClientError", exit: 1, title: "an unexpected failure" },
} as const satisfies Record<string, ProblemRow>

/** Stable name of a failure. Rows may be added, never renamed. */
export type ProblemCode = keyof typeof rows

export const problemCodes: Readonly<Record<ProblemCode, ProblemRow>> = rows

export function isProblemCode(code: string): code is ProblemCode {
  return Object.hasOwn(rows, code)
}
