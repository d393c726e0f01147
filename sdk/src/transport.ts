/** How requests leave the SDK: one function, so that a program, the CLI or a test brings its own. */

export interface TransportRequest {
  readonly method: string
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly body?: string
  /** Aborted at the deadline, or when the caller gives up: the transport must stop and throw. */
  readonly signal: AbortSignal
  /** Most bytes of the answer's body; more is refused with `invalid_response`. */
  readonly maxBytes: number
}

/** What was answered. */
export interface TransportResponse {
  readonly status: number
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

/**
 * Sends one request and resolves to whatever was answered, a refusal included. Follows no redirect and retries nothing.
 * Throws `HalfkeyError` `server_unreachable`, `timeout` or `invalid_response`; anything else counts as `server_unreachable`.
 */
export type Transport = (request: TransportRequest) => Promise<TransportResponse>
