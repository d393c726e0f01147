/** Everything that one `Secrets` or `Admin` holds: settings, keys, tokens, verified key sets, and the calls under way. */
import { ClientIdentity } from "@halfkey/core/client/client-identity"
import { HalfkeyError } from "@halfkey/core/formats/errors"
import { systemRandom } from "@halfkey/core/primitives/random"
import { ApiClient } from "./api-client.ts"
import { auditHeaderOf } from "./audit-header.ts"
import type { Noted } from "./cache/answers.ts"
import type { OfflineCache } from "./cache/offline-cache.ts"
import type { CacheOptions } from "./cache/options.ts"
import { isOutage } from "./cache/refusals.ts"
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
  readonly #cacheOptions: CacheOptions | undefined
  #cache: Promise<OfflineCache | undefined> | undefined
  /** Nothing is sent beside the calls while the cache answers them. */
  #isAway = false
  #closed = false

  /** Throws what `readConfiguration` throws. Sends nothing. */
  constructor(options: SecretsOptions, client: "required" | "optional") {
    this.configuration = readConfiguration(options, client)
    this.random = options.random ?? systemRandom
    this.now = options.now ?? Date.now
    this.#timeoutMs = options.timeoutMs ?? defaultTimeoutMs
    this.archive = options.archive
    this.#cacheOptions = options.cache
    this.floors = new Floors(options.freshness, options.archive)
    this.receipts = new Receipts(options.receipts, this.now)
    const { apiKey, crn, endpoint, environment } = this.configuration
    this.pins = pinsOf(options, environment)
    this.http = new HttpCaller({
      endpoint,
      transport: options.cache?.only ? noTransport : (options.transport ?? fetchTransport),
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
  run<T>(options: CallOptions, work: (scope: CallScope) => Promise<T>): Promise<T> {
    return this.#start(options, (scope) => this.#runIn(scope, options.environment, work))
  }

  /** As `run`, for what the cache may answer while the server cannot be reached. */
  runRead<T>(options: CallOptions, work: (scope: CallScope) => Promise<T>): Promise<T> {
    if (this.#cacheOptions === undefined) return this.run(options, work)
    const environment = this.environmentOf(options)
    return this.#start(options, (scope) => this.#readIn(scope, environment, work))
  }

  async #start<T>(options: CallOptions, run: (scope: CallScope) => Promise<T>): Promise<T> {
    if (this.#closed) {
      throw new HalfkeyError("invalid_argument", "this client is closed", { hint: "make a new one after close()" })
    }
    const timeoutMs = checkedTimeout(options.timeoutMs ?? this.#timeoutMs)
    const scope = new CallScope(timeoutMs, options.signal, auditHeaderOf(options.audit))
    const running = run(scope)
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

  async #runIn<T>(
    scope: CallScope,
    environment: string | undefined,
    work: (scope: CallScope) => Promise<T>,
  ): Promise<T> {
    scope.throwIfOver()
    await this.floors.load()
    try {
      const result = await work(scope)
      await this.floors.save()
      return result
    } catch (error) {
      // A deletion that was seen and verified is remembered too, else an older value could come back.
      if (isNotFound(error)) await this.floors.save()
      else if (this.#cacheOptions !== undefined) {
        await (await this.#loadCache())?.failed(error, environment ?? this.configuration.environment)
      }
      throw error
    } finally {
      // Of refusals, too: they are decisions, and entries of the log.
      await this.receipts.save()
    }
  }

  async #readIn<T>(scope: CallScope, environment: string, work: (scope: CallScope) => Promise<T>): Promise<T> {
    if (this.#cacheOptions?.only) return await this.#serve(scope, environment, work)
    const noted: Noted[] = []
    scope.noted = noted
    // Who waits longer would rather have what is cached.
    scope.attemptsMax = 2
    try {
      const result = await this.#runIn(scope, environment, work)
      this.#isAway = false
      await (await this.#loadCache())?.remember(environment, noted)
      return result
    } catch (error) {
      if (isNotFound(error)) await (await this.#loadCache())?.remember(environment, noted)
      else if (isOutage(error)) return await this.#serve(scope, environment, work, error)
      throw error
    }
  }

  async #serve<T>(
    scope: CallScope,
    environment: string,
    work: (scope: CallScope) => Promise<T>,
    why?: HalfkeyError,
  ): Promise<T> {
    this.#isAway = true
    await this.floors.load()
    const cache = await this.#loadCache()
    if (cache === undefined) throw why
    return await cache.serve(scope, environment, () => work(scope), why)
  }

  /** Its code is loaded by whoever wants one. */
  #loadCache(): Promise<OfflineCache | undefined> {
    this.#cache ??= this.#makeCache()
    return this.#cache
  }

  async #makeCache(): Promise<OfflineCache | undefined> {
    if (this.#cacheOptions === undefined || this.#client === undefined) return undefined
    const { OfflineCache } = await import("./cache/offline-cache.ts")
    const { floors, http, now, random } = this
    const { identity } = this.#client
    return new OfflineCache(this.#cacheOptions, { endpoint: http.endpoint, identity, floors, random, now })
  }

  #keysets(identity: ClientIdentity, selfWraps: SelfWrapUploads): Keysets {
    return new Keysets({
      identity,
      floors: this.floors,
      pins: this.pins,
      keepsBundles: this.#cacheOptions !== undefined,
      onOpened: (keyset) => {
        if (!this.#isAway) selfWraps.start(keyset)
      },
    })
  }
}

function identityOf({ client, crn }: Configuration): ClientIdentity | undefined {
  return client && ClientIdentity.fromConfiguration(crn.workspaceId, client.clientId, client.clientKey)
}

function isNotFound(error: unknown): boolean {
  return error instanceof HalfkeyError && error.code === "secret_not_found"
}

/** Where the server is never to be asked. */
async function noTransport(): Promise<never> {
  throw new HalfkeyError("not_cached", "this needs the server, and only the cache may be asked", {
    hint: "the same without being offline",
  })
}
