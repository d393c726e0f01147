/** Calls of the HTTP API with an access token; a token that ended early is replaced once. */
import { type AnswerReader, invalidResponse } from "./answer-reader.ts"
import type { CallScope } from "./call-scope.ts"
import type { HttpCaller, HttpRequest } from "./http-caller.ts"
import type { Repetition } from "./retry.ts"
import { ServerRefusal } from "./server-refusal.ts"
import type { TokenSource } from "./token-source.ts"

/** Answers with records or whole chains of documents may be large; more than this no honest server sends. */
export const largeAnswerMaxBytes = 64 * 1024 * 1024

/** A token for which the server says that something behind it ended: the next call asks for another. */
const endedCodes: readonly string[] = ["invalid_token", "api_key_revoked", "client_revoked"]

export interface ApiCall {
  readonly method: "GET" | "POST" | "PUT" | "DELETE"
  readonly path: string
  /** What is undefined is left out; nothing at all: no query. */
  readonly query?: Readonly<Record<string, string | number | boolean | undefined>> | undefined
  readonly body?: object | undefined
  readonly repetition: Repetition
  readonly maxBytes?: number | undefined
  /** As of `HttpRequest`. */
  readonly keepsReceipt?: false | undefined
  /**
   * `false` where the server tells by a verified answer that a secret is missing, so that it can be compared with what was
   * seen (S10): a refusal that says so would go round that check.
   */
  readonly refusesMissing?: false | undefined
}

export class ApiClient {
  readonly #http: HttpCaller
  readonly #tokens: TokenSource

  constructor(http: HttpCaller, tokens: TokenSource) {
    this.#http = http
    this.#tokens = tokens
  }

  async call(scope: CallScope, call: ApiCall): Promise<AnswerReader> {
    // Encoded once: a repeated commit must be the identical bytes.
    const body = call.body === undefined ? undefined : JSON.stringify(call.body)
    const accessToken = await this.#tokens.get(scope)
    try {
      return await this.#send(scope, call, body, accessToken)
    } catch (error) {
      if (!(error instanceof ServerRefusal) || !endedCodes.includes(error.code)) throw error
      await this.#tokens.drop(accessToken)
      if (error.code !== "invalid_token") throw error
    }
    return await this.#send(scope, call, body, await this.#tokens.get(scope))
  }

  async #send(scope: CallScope, call: ApiCall, body: string | undefined, accessToken: string): Promise<AnswerReader> {
    const request: HttpRequest = {
      method: call.method,
      path: call.path + queryText(call.query),
      repetition: call.repetition,
      authorization: `Bearer ${accessToken}`,
      contentType: body === undefined ? undefined : "application/json",
      body,
      maxBytes: call.maxBytes,
      keepsReceipt: call.keepsReceipt,
    }
    try {
      return (await this.#http.call(scope, request)).json
    } catch (error) {
      throw checkedRefusal(call, error)
    }
  }
}

function checkedRefusal({ refusesMissing }: ApiCall, error: unknown): unknown {
  if (refusesMissing !== false || !(error instanceof ServerRefusal) || error.code !== "secret_not_found") return error
  return invalidResponse("it refuses with secret_not_found where it has to show what is missing")
}

function queryText(query: ApiCall["query"]): string {
  const parameters = new URLSearchParams()
  for (const [name, value] of Object.entries(query ?? {})) {
    if (value !== undefined) parameters.set(name, String(value))
  }
  return parameters.size === 0 ? "" : `?${parameters}`
}
