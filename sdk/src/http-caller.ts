/** One HTTP exchange with the server: sends, repeats where that is safe, and reads the answer's envelope. Knows no tokens. */
import { auditFieldsHeader } from "@halfkey/core/formats/audit-fields"
import { HalfkeyError } from "@halfkey/core/formats/errors"
import { AnswerReader, invalidResponse } from "./answer-reader.ts"
import type { CallScope } from "./call-scope.ts"
import { isJson, readRefusal } from "./refusal-reader.ts"
import { type Repetition, withRetries } from "./retry.ts"
import type { Transport, TransportResponse } from "./transport.ts"
import { redirectRefused } from "./transport-fetch.ts"

export interface HttpRequest {
  readonly method: "GET" | "POST" | "PUT" | "DELETE"
  /** With its query. */
  readonly path: string
  readonly repetition: Repetition
  readonly authorization?: string | undefined
  readonly contentType?: string | undefined
  /** A text is sent identically by every repetition; a function makes one for each. */
  readonly body?: string | (() => string) | undefined
  readonly maxBytes?: number | undefined
  /** `false` for one of very many questions: their receipts would push out those of what a person did. */
  readonly keepsReceipt?: false | undefined
}

export interface HttpAnswer {
  readonly json: AnswerReader
  readonly headers: Readonly<Record<string, string>>
}

/** Most bytes of an answer without records and bundles. */
const answerMaxBytes = 4 * 1024 * 1024

export interface HttpCallerOptions {
  readonly endpoint: string
  readonly transport: Transport
  readonly userAgent: string
  readonly now: () => number
  /** What the client says for the audit log about all of its calls, as a header's text. */
  readonly audit?: string | undefined
  /** Told the headers of every answer whose receipt is to be kept, refusals included. */
  readonly onAnswer?: ((headers: Readonly<Record<string, string>>) => void) | undefined
}

export class HttpCaller {
  readonly endpoint: string
  readonly #transport: Transport
  readonly #userAgent: string
  readonly #now: () => number
  readonly #onAnswer: HttpCallerOptions["onAnswer"]
  readonly #audit: string | undefined

  constructor({ audit, endpoint, now, onAnswer, transport, userAgent }: HttpCallerOptions) {
    this.endpoint = endpoint
    this.#transport = transport
    this.#userAgent = userAgent
    this.#now = now
    this.#onAnswer = onAnswer
    this.#audit = audit
  }

  /** The answer of a success. Throws `ServerRefusal` for a refusal, and the failures of transport and deadline. */
  call(scope: CallScope, request: HttpRequest): Promise<HttpAnswer> {
    return withRetries(scope, request.repetition, async () => {
      const response = checkedResponse(await this.#send(scope, request))
      if (request.keepsReceipt !== false) this.#onAnswer?.(response.headers)
      if (response.status >= 400) throw readRefusal(response, this.#now())
      if (response.status >= 300) throw redirectRefused()
      return { json: readSuccess(response), headers: response.headers }
    })
  }

  async #send(scope: CallScope, request: HttpRequest): Promise<TransportResponse> {
    scope.throwIfOver()
    const attempt = new AttemptSignal(scope, request.repetition)
    const audit = scope.audit ?? this.#audit
    const { authorization, body, contentType, maxBytes = answerMaxBytes, method, path } = request
    try {
      return await attempt.race(
        this.#transport({
          method,
          url: `${this.endpoint}${path}`,
          headers: {
            accept: "application/json",
            "user-agent": this.#userAgent,
            ...(authorization !== undefined && { authorization }),
            ...(contentType !== undefined && { "content-type": contentType }),
            ...(audit !== undefined && { [auditFieldsHeader]: audit }),
          },
          ...(body !== undefined && { body: typeof body === "string" ? body : body() }),
          signal: attempt.signal,
          maxBytes,
        }),
      )
    } catch (error) {
      if (attempt.signal.aborted) throw scope.signal.aborted ? scope.failure() : attempt.failure()
      if (error instanceof HalfkeyError) throw error
      throw new HalfkeyError("server_unreachable", `no answer from ${new URL(this.endpoint).origin}`, {
        hint: "is the server running? `npm start` starts one; else check CS_ENDPOINT and the network",
      })
    } finally {
      attempt.end()
    }
  }
}

/** An answer may be lost on the way: an attempt that can be repeated leaves time for another. */
class AttemptSignal {
  static readonly #leastMs = 1000
  readonly #controller = new AbortController()
  readonly #scope: CallScope
  readonly #timer: ReturnType<typeof setTimeout> | undefined
  readonly #ms: number
  readonly #over: Promise<never>
  readonly #onAbort = () => this.#controller.abort()

  constructor(scope: CallScope, repetition: Repetition) {
    this.#scope = scope
    this.#ms = scope.remainingMs * 0.6
    if (repetition === "repeatable" && this.#ms >= AttemptSignal.#leastMs) {
      this.#timer = setTimeout(this.#onAbort, this.#ms)
    }
    scope.signal.addEventListener("abort", this.#onAbort, { once: true })
    this.#over = new Promise((_, reject) => {
      this.#controller.signal.addEventListener("abort", () => reject(this.failure()), { once: true })
    })
    this.#over.catch(() => undefined)
  }

  get signal(): AbortSignal {
    return this.#controller.signal
  }

  /** Also where a transport does not obey its signal. */
  race<T>(work: Promise<T>): Promise<T> {
    return Promise.race([work, this.#over])
  }

  failure(): HalfkeyError {
    return new HalfkeyError("timeout", `no answer within ${Math.round(this.#ms)} ms`, {
      hint: "try again, or allow more time with timeoutMs; `halfkey doctor` checks the server",
    })
  }

  end(): void {
    clearTimeout(this.#timer)
    this.#scope.signal.removeEventListener("abort", this.#onAbort)
  }
}

/** A transport may be anybody's: what it gives is checked like the answer itself. */
function checkedResponse(response: TransportResponse): TransportResponse {
  const { body, headers, status } = response ?? {}
  if (!Number.isInteger(status) || typeof body !== "string" || typeof headers !== "object" || headers === null) {
    throw invalidResponse("the transport gave no status, headers and body")
  }
  if (status < 200 || status > 599) throw invalidResponse("it has no usable status")
  return response
}

function readSuccess({ body, headers, status }: TransportResponse): AnswerReader {
  if (status === 204 || body === "") return new AnswerReader({}, "answer")
  if (!isJson(headers["content-type"])) throw invalidResponse("it is not JSON")
  return AnswerReader.parse(body, "answer")
}
