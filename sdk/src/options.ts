/** Options of `Secrets` and `Admin`, and of each call. */
import type { AuditFields } from "@halfkey/core/formats/audit-fields"
import type { RandomSource } from "@halfkey/core/primitives/random"
import type { CacheOptions } from "./cache/options.ts"
import type { ArchiveStore, FreshnessStore, ReceiptStore, TokenStore } from "./stores.ts"
import type { Tracer } from "./tracing.ts"
import type { Transport } from "./transport.ts"

export type { AuditFields, RandomSource }

/**
 * Allows `http://` to a host that is not this machine: everybody on the way can take the API key and the access token.
 * A symbol, so that it can come from no file, variable or flag.
 * @deprecated To make it stand out: use it in isolated test networks only.
 */
export const allowInsecureEndpoint: unique symbol = Symbol("halfkey.allowInsecureEndpoint")

/** Settings of `Secrets` and `Admin`: each that is left out is read from its variable, or has a default. */
export interface SecretsOptions {
  /** Else `CS_WORKSPACE_CRN`: `crn:<region>.<provider>:<workspace id>`. */
  readonly workspaceCRN?: string | undefined
  /** Else `CS_CLIENT_ID`. */
  readonly clientId?: string | undefined
  /** Else `CS_CLIENT_KEY`: `hkck_…`. Never leaves this machine. */
  readonly clientKey?: string | undefined
  /** Else `CS_CLIENT_ACCESS_KEY`: `hkak_…`. */
  readonly apiKey?: string | undefined
  /** An alias of `apiKey`. */
  readonly accessKey?: string | undefined
  /**
   * The client is a person's device, as `halfkey login` makes them (S9): it has no API key, and `CS_CLIENT_ACCESS_KEY`
   * does not count.
   */
  readonly device?: true | undefined
  /** Name or id of the environment; else `CS_ENVIRONMENT`; each call may name another. */
  readonly environment?: string | undefined
  /** Else `CS_ENDPOINT`; else, for region `local.self`, `http://127.0.0.1:4253`. */
  readonly endpoint?: string | undefined
  /** Deadline of a whole call in milliseconds, retries included. Default 10,000. */
  readonly timeoutMs?: number | undefined
  /** Default: the runtime's `fetch`. */
  readonly transport?: Transport | undefined
  /** Default: the token is kept in memory. */
  readonly tokens?: TokenStore | undefined
  /** Default: what was seen is remembered in memory. */
  readonly freshness?: FreshnessStore | undefined
  /** Default: nothing is kept for the day when an operator restores an older database. */
  readonly archive?: ArchiveStore | undefined
  /**
   * Keeps what was read, encrypted under the client key, and serves it while the server cannot be reached (S14). Default: no
   * cache.
   */
  readonly cache?: CacheOptions | undefined
  /** Default: the last 1,000 receipts of the audit log are kept in memory. */
  readonly receipts?: ReceiptStore | undefined
  /**
   * Refuse manifests below this revision, as pinned in `halfkey.json` (S10): a number is for `environment`, several
   * are given by name or id.
   */
  readonly minimumRevision?: number | Readonly<Record<string, number>> | undefined
  /** Where the variables are read. Default: `process.env` where there is one. */
  readonly env?: Readonly<Record<string, string | undefined>> | undefined
  /** Name and version of the program, for the server's audit log. */
  readonly userAgent?: string | undefined
  /** Why, for the audit log: in the entries of all requests, as what this client said. Nobody checks it. */
  readonly audit?: AuditFields | undefined
  /**
   * A tracer of OpenTelemetry: each call of `Secrets` becomes a span `halfkey.get` and so on, in which the runtime's own spans
   * of requests stand. Default: none.
   */
  readonly tracer?: Tracer | undefined
  /** Default: the operating system's randomness. */
  readonly random?: RandomSource | undefined
  /** Milliseconds since 1970. Default `Date.now`. */
  readonly now?: (() => number) | undefined
  readonly [allowInsecureEndpoint]?: true | undefined
}

/** Of one call: what is left out is as the client was made. */
export interface CallOptions {
  readonly environment?: string | undefined
  /** Gives up early: the call resolves to the failure `aborted`. */
  readonly signal?: AbortSignal | undefined
  /** Why, for the audit log: instead of what the client says for all of its calls. */
  readonly audit?: AuditFields | undefined
  readonly timeoutMs?: number | undefined
}
