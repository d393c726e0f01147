/** Clients that write all the time, through whatever happens to the server, and note down what they were told. */
import { receiptHeader, requestIdHeader } from "@halfkey/core/wire/problem"
import { Secrets, type SecretsOptions, type Transport } from "halfkey/secrets"
import type { Chance } from "./chance.ts"
import { type Attempt, type Model, writtenValue } from "./model.ts"

/** Few names, so that the writers get into each other's way. */
const names = Array.from({ length: 24 }, (_, index) => `${index % 3 === 0 ? "SHARED" : "team/key"}_${index}`)
const valueMaxLength = 64 * 1024

export interface WriterParts {
  readonly model: Model
  readonly chance: Chance
  readonly options: SecretsOptions
  /** Resolves while the server is up, else once it is up again. */
  readonly up: () => Promise<void>
}

export class Writer {
  readonly #parts: WriterParts
  #secrets: Secrets
  #stopped = false

  constructor(parts: WriterParts) {
    this.#parts = parts
    this.#secrets = new Secrets(parts.options)
  }

  /** Writes until `stop`. */
  async run(): Promise<void> {
    while (!this.#stopped) {
      await this.#parts.up()
      await this.#write()
      if (this.#parts.chance.happens(0.02)) await this.#becomeAnother()
    }
    await this.#secrets.close()
  }

  stop(): void {
    this.#stopped = true
  }

  /** A client that remembers nothing: it starts with a token of its own. */
  async #becomeAnother(): Promise<void> {
    await this.#secrets.close()
    this.#secrets = new Secrets(this.#parts.options)
  }

  async #write(): Promise<void> {
    const { chance, model } = this.#parts
    if (chance.happens(0.12)) {
      const name = chance.pick(names)
      const attempt = model.begin("tombstone", new Map([[name, 0]]))
      const { data, failure } = await this.#secrets.delete(name)
      return this.#note(attempt, data && [data], failure)
    }
    if (chance.happens(0.3)) {
      const attempt = model.begin("value", this.#lengths(chance.several(chance.between(2, 8), names)))
      const values = new Map([...attempt.lengths.keys()].map((name) => [name, writtenValue(attempt, name)]))
      const { data, failure } = await this.#secrets.setMany(values)
      return this.#note(attempt, data, failure)
    }
    const name = chance.pick(names)
    const attempt = model.begin("value", this.#lengths([name]))
    const { data, failure } = await this.#secrets.set(name, writtenValue(attempt, name))
    return this.#note(attempt, data && [data], failure)
  }

  #lengths(of: readonly string[]): Map<string, number> {
    return new Map(of.map((name) => [name, Math.floor(this.#parts.chance.spread(40, valueMaxLength))]))
  }

  #note(
    attempt: Attempt,
    written: readonly { readonly name: string; readonly version: number }[] | undefined,
    failure: { readonly code: string; readonly type: string; readonly message: string } | undefined,
  ): void {
    const { model } = this.#parts
    model.underWay.delete(attempt)
    if (written !== undefined) model.acknowledge(attempt, written)
    else if (failure === undefined) throw new Error("neither data nor a failure")
    // Others wrote first five times, or there was nothing to delete; or the disk took nothing.
    else if (["version_conflict", "secret_not_found", "storage_full"].includes(failure.code)) model.refuse(attempt)
    // The server does not know either: the write is there as a whole or not at all.
    else if (failure.type !== "NetworkError" && !["unavailable", "internal_error"].includes(failure.code))
      throw new Error(`attempt ${attempt.id} failed by ${failure.code}: ${failure.message}`)
  }
}

/** What a client sends to get a token. */
export interface UsedAssertion {
  readonly body: string
  readonly at: number
}

export interface Traffic {
  /** Where the server listens now. */
  readonly origin: () => string | undefined
  readonly model: Model
  readonly onCommit: () => void
  readonly onToken: (used: UsedAssertion) => void
}

/** Sends to wherever the server listens now, and keeps every receipt that arrives. */
export function recording({ model, onCommit, onToken, origin }: Traffic): Transport {
  return async ({ method, url, headers, body, signal }) => {
    const { pathname, search } = new URL(url)
    const server = origin()
    if (server === undefined) throw new Error("the server is down")
    const asked = fetch(`${server}${pathname}${search}`, {
      method,
      headers,
      signal,
      ...(body !== undefined && { body }),
    })
    if (pathname === "/v1/secrets/commit") onCommit()
    const response = await asked
    const text = await response.text()
    // Only now is it an answer: its whole body has arrived.
    const leafHash = response.headers.get(receiptHeader)
    if (leafHash !== null) model.receipts.push({ leafHash, path: pathname })
    const requestId = response.headers.get(requestIdHeader)
    const decided = pathname.startsWith("/v1/") && response.status < 500 && response.status !== 401
    if (decided && requestId !== null) model.answeredRequests.push(requestId)
    if (pathname === "/oauth/token" && response.ok && body !== undefined) onToken({ body, at: Date.now() })
    return { status: response.status, headers: Object.fromEntries(response.headers), body: text }
  }
}
