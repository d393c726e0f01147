/** Access tokens (S8): asked for once, shared by all calls, kept until shortly before they end. */
import { signClientAssertion } from "@halfkey/core/client/client-assertion"
import type { ClientIdentity } from "@halfkey/core/client/client-identity"
import { HalfkeyError } from "@halfkey/core/formats/errors"
import type { RandomSource } from "@halfkey/core/primitives/random"
import { invalidResponse } from "./answer-reader.ts"
import { CallScope } from "./call-scope.ts"
import type { HttpCaller } from "./http-caller.ts"
import { ServerRefusal } from "./server-refusal.ts"
import type { StoredToken, TokenStore } from "./stores.ts"

type TokenWire = typeof import("@halfkey/core/wire/token")
const assertionTypeUri: TokenWire["assertionTypeUri"] = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"

/** A token is not used in its last seconds: it could end on the way. */
const marginMs = 30_000
/** Most that a server's and this machine's clock may differ (S8). */
const skewMaxMs = 60_000
const tokenMaxLength = 16_384

export interface TokenSourceOptions {
  readonly http: HttpCaller
  readonly crn: string
  /** `undefined` for a person's device (S9). */
  readonly apiKey: string | undefined
  /** Without one the token carries no client (`control` keys). */
  readonly identity: ClientIdentity | undefined
  readonly store: TokenStore | undefined
  readonly random: RandomSource
  readonly now: () => number
  /** Deadline of a request that several calls may wait for. */
  readonly timeoutMs: number
}

export class TokenSource {
  readonly #options: TokenSourceOptions
  #token: StoredToken | undefined
  #pending: Promise<StoredToken> | undefined
  #storeWasRead = false

  constructor(options: TokenSourceOptions) {
    this.#options = options
  }

  /** A token that is good for a while yet. Throws what the token endpoint refuses with. */
  async get(scope: CallScope): Promise<string> {
    if (this.#token !== undefined && this.#isFresh(this.#token)) return this.#token.accessToken
    scope.throwIfOver()
    const { accessToken } = (await this.#othersToken(scope)) ?? (await scope.race(this.#begin()))
    return accessToken
  }

  /** What another call has asked for. It had another deadline: where its time ran out, this call asks by itself. */
  async #othersToken(scope: CallScope): Promise<StoredToken | undefined> {
    if (this.#pending === undefined) return undefined
    try {
      return await scope.race(this.#pending)
    } catch (error) {
      if (!(error instanceof HalfkeyError) || error.code !== "timeout" || scope.signal.aborted) throw error
      return undefined
    }
  }

  #begin(): Promise<StoredToken> {
    this.#pending ??= this.#obtain().finally(() => {
      this.#pending = undefined
    })
    return this.#pending
  }

  /** Forgets a token that the server refused, unless it was replaced already. */
  async drop(accessToken: string): Promise<void> {
    if (this.#token?.accessToken !== accessToken) return
    this.#token = undefined
    await this.#options.store?.clear().catch(() => undefined)
  }

  async #obtain(): Promise<StoredToken> {
    this.#token = (await this.#stored()) ?? (await this.#request())
    return this.#token
  }

  async #stored(): Promise<StoredToken | undefined> {
    const { store } = this.#options
    if (store === undefined || this.#storeWasRead) return undefined
    this.#storeWasRead = true
    // A store that fails costs one round trip, and protects nothing: it stops no call.
    const stored = await store.load().catch(() => undefined)
    return stored !== undefined && isToken(stored) && this.#isFresh(stored) ? stored : undefined
  }

  async #request(): Promise<StoredToken> {
    const { http, now, store, timeoutMs } = this.#options
    // Its own scope: the call that came first may give up, while others still wait for the token.
    const scope = new CallScope(timeoutMs, undefined)
    try {
      const askedAt = now()
      const { json } = await http.call(scope, {
        method: "POST",
        path: "/oauth/token",
        repetition: "repeatable",
        contentType: "application/x-www-form-urlencoded",
        // Made anew for each repetition, since an assertion counts once.
        body: () => this.#form(),
      })
      const accessToken = json.field("access_token").text(tokenMaxLength)
      if (!/^[\x21-\x7e]+$/.test(accessToken)) throw invalidResponse("its access token holds foreign characters")
      if (json.field("token_type").text().toLowerCase() !== "bearer")
        throw invalidResponse("its token is no bearer token")
      const token = { accessToken, expiresAt: askedAt + json.field("expires_in").integer(1) * 1000 }
      await store?.save(token).catch(() => undefined)
      return token
    } catch (error) {
      throw await this.#explained(error)
    } finally {
      scope.end()
    }
  }

  #form(): string {
    const { apiKey, crn, identity, now, random } = this.#options
    const form = new URLSearchParams({ grant_type: "client_credentials" })
    if (apiKey !== undefined) form.set("api_key", apiKey)
    if (identity !== undefined) {
      form.set("client_assertion_type", assertionTypeUri)
      form.set("client_assertion", signClientAssertion(identity, crn, now(), random))
    }
    return form.toString()
  }

  /** The two usual reasons for a refused assertion are found on this machine. */
  async #explained(error: unknown): Promise<unknown> {
    if (!(error instanceof ServerRefusal) || error.code !== "invalid_client") return error
    const skew = error.clockSkewMs
    if (skew !== undefined && Math.abs(skew) > skewMaxMs) {
      const seconds = Math.round(Math.abs(skew) / 1000)
      return new ServerRefusal(
        "invalid_client",
        `the client could not be authenticated: this machine's clock is ${seconds} s ${skew > 0 ? "behind" : "ahead of"} the server's`,
        { requestId: error.requestId, hint: "set the clock right and try again", facts: { clockSkewMs: skew } },
      )
    }
    const { identity } = this.#options
    if (identity === undefined || (await identity.ownsClientId())) return error
    return new HalfkeyError(
      "invalid_configuration",
      "CS_CLIENT_ID is not the client id of CS_CLIENT_KEY in the workspace of CS_WORKSPACE_CRN",
      { hint: "copy all three again from the same client: its id is made from its key and its workspace" },
    )
  }

  #isFresh({ expiresAt }: StoredToken): boolean {
    return this.#options.now() < expiresAt - marginMs
  }
}

function isToken(stored: StoredToken): boolean {
  return typeof stored.accessToken === "string" && Number.isFinite(stored.expiresAt)
}
