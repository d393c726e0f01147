/** Everything that one `Secrets` or `Admin` holds: settings, keys, tokens, verified key sets, and the calls under way. */
import { ClientIdentity } from "@halfkey/core/client/client-identity"
import { HalfkeyError } from "@halfkey/core/formats/errors"
import { systemRandom } from "@halfkey/core/primitives/random"
import { ApiClient } from "./api-client.ts"
import { auditHeaderOf } from "./audit-header.ts"
import { CallScope } from "./call-scope.ts"
import {
  type Configuration,
  checkedEnvironment,
  checkedTimeout,
  defaultTimeoutMs,
  readConfiguration,
} from "./configuration.ts"
import { Floors } from "./floors.ts"
import { HttpCaller } from "./http-caller.ts"
import { Keysets } from "./keysets.ts"
import type { CallOptions, RandomSource, SecretsOptions } from "./options.ts"
import { type Pins, pinsOf } from "./pins.ts"
import { Receipts } from "./receipts.ts"
import { SelfWrapUploads } from "./self-wraps.ts"
import type { ArchiveStore } from "./stores.ts"
import { TokenSource } from "./token-source.ts"
import { fetchTransport } from "./transport-fetch.ts"
import { defaultUserAgent } from "./version.ts"

/** A client of the workspace, with all that needs its keys. */
export interface ClientParts {
  readonly identity: ClientIdentity
  readonly keysets: Keysets
}

export class Session {
  readonly configuration: Configuration
  readonly floors: Floors
  readonly receipts: Receipts
  readonly http: HttpCaller
  readonly api: ApiClient
  readonly random: RandomSource
  readonly now: () => number
  readonly pins: Pins
  readonly archive: ArchiveStore | undefined
  readonly #timeoutMs: number
  readonly #client: ClientParts | undefined
  readonly #selfWraps: SelfWrapUploads | undefined
  readonly #running = new Set<Promise<unknown>>()
  #closed = false

  /** Throws what `readConfiguration` throws. Sends nothing. */
  constructor(options: SecretsOptions, client: "required" | "optional") {
    this.configuration = readConfiguration(options, client)
    this.random = options.random ?? systemRandom
    this.now = options.now ?? Date.now
    this.#timeoutMs = options.timeoutMs ?? defaultTimeoutMs
    this.archive = options.archive
    this.floors = new Floors(options.freshness, options.archive)
    this.receipts = new Receipts(options.receipts, this.now)
    const { apiKey, crn, endpoint, environment } = this.configuration
    this.pins = pinsOf(options, environment)
    this.http = new HttpCaller({
      endpoint,
      transport: options.transport ?? fetchTransport,
      userAgent: options.userAgent ?? defaultUserAgent,
      now: this.now,
      audit: auditHeaderOf(options.audit),
      onAnswer: (headers) => this.receipts.see(headers),
    })
    const identity = identityOf(this.configuration)
    const tokens = new TokenSource({
      http: this.http,
      crn: crn.text,
      apiKey,
      identity,
      store: options.tokens,
      random: this.random,
      now: this.now,
      timeoutMs: this.#timeoutMs,
    })
    this.api = new ApiClient(this.http, tokens)
    if (identity === undefined) return
    const selfWraps = new SelfWrapUploads(this.api, identity, this.random)
    this.#selfWraps = selfWraps
    this.#client = { identity, keysets: this.#keysets(identity, selfWraps) }
  }

  /** Keys of the configured client. Throws `client_required` where a `control` key is used without one. */
  get client(): ClientParts {
    if (this.#client !== undefined) return this.#client
    throw new HalfkeyError("client_required", "this needs a client: CS_CLIENT_ID and CS_CLIENT_KEY are not set", {
      hint: "set both, or pass clientId and clientKey",
      facts: { missing: ["CS_CLIENT_ID", "CS_CLIENT_KEY"] },
    })
  }

  /** Runs one call under its deadline, and saves what was seen once all its checks have passed. */
  async run<T>(options: CallOptions, work: (scope: CallScope) => Promise<T>): Promise<T> {
    if (this.#closed) {
      throw new HalfkeyError("invalid_argument", "this client is closed", { hint: "make a new one after close()" })
    }
    const timeoutMs = checkedTimeout(options.timeoutMs ?? this.#timeoutMs)
    const scope = new CallScope(timeoutMs, options.signal, auditHeaderOf(options.audit))
    const running = this.#runIn(scope, work)
    this.#running.add(running)
    try {
      return await running
    } finally {
      this.#running.delete(running)
      scope.end()
    }
  }

  /** The environment of a call. Throws `missing_configuration` where none is named. */
  environmentOf(options: CallOptions): string {
    const environment = options.environment ?? this.configuration.environment
    if (environment !== undefined) return checkedEnvironment(environment)
    throw new HalfkeyError("missing_configuration", "no environment is named", {
      hint: 'set CS_ENVIRONMENT, or pass environment, as in new Secrets({ environment: "production" })',
      facts: { missing: ["CS_ENVIRONMENT"] },
    })
  }

  /** Waits for calls and uploads under way, then overwrites all keys. New calls are refused at once. */
  async close(): Promise<void> {
    this.#closed = true
    // Never sooner: a call that still seals would seal under what is being overwritten.
    await Promise.allSettled(this.#running)
    await this.#selfWraps?.finished()
    this.#client?.keysets.destroy()
    this.#client?.identity.destroy()
  }

  async #runIn<T>(scope: CallScope, work: (scope: CallScope) => Promise<T>): Promise<T> {
    scope.throwIfOver()
    await this.floors.load()
    try {
      const result = await work(scope)
      await this.floors.save()
      return result
    } catch (error) {
      // A deletion that was seen and verified is remembered too, else an older value could come back.
      if (error instanceof HalfkeyError && error.code === "secret_not_found") await this.floors.save()
      throw error
    } finally {
      // Of refusals, too: they are decisions, and entries of the log.
      await this.receipts.save()
    }
  }

  #keysets(identity: ClientIdentity, selfWraps: SelfWrapUploads): Keysets {
    return new Keysets({
      identity,
      floors: this.floors,
      pins: this.pins,
      onOpened: (keyset) => selfWraps.start(keyset),
    })
  }
}

function identityOf({ client, crn }: Configuration): ClientIdentity | undefined {
  return client && ClientIdentity.fromConfiguration(crn.workspaceId, client.clientId, client.clientKey)
}
