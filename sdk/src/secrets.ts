/** `halfkey/secrets`: secrets that are sealed and opened on this machine only. */
export type { CacheOptions, CacheStore, CacheUse } from "./cache/options.ts"
export { joinStates } from "./freshness-state.ts"
export type { LoadAllOptions, Loaded, LoadIssue, LoadOptions, Schemas, TakesText } from "./load.ts"
export {
  type AuditFields,
  allowInsecureEndpoint,
  type CallOptions,
  type RandomSource,
  type SecretsOptions,
} from "./options.ts"
export {
  type Failure,
  type FailureFacts,
  type FailureType,
  type ProblemCode,
  type Result,
  SecretsError,
  unwrap,
} from "./result.ts"
export type {
  ChangesOptions,
  RollbackOptions,
  Secret,
  SecretChange,
  SecretMetadata,
  SecretState,
  SecretVersion,
  SetManyOptions,
  SetOptions,
} from "./secret.ts"
export type { SecretEntries } from "./secret-arguments.ts"
export { Secrets } from "./secrets-client.ts"
export type {
  SchemaInput,
  SchemaOutput,
  StandardSchema,
  StandardSchemaIssue,
  StandardSchemaResult,
} from "./standard-schema.ts"
export type {
  Archive,
  ArchivedRecord,
  ArchiveStore,
  AuditFloor,
  AuditPeaks,
  CacheFloor,
  FreshnessState,
  FreshnessStore,
  KeysetFloor,
  Receipt,
  ReceiptStore,
  RosterFloor,
  SecretFloor,
  StoredToken,
  TokenStore,
} from "./stores.ts"
export type { TracedSpan, TracedSpanOptions, Tracer } from "./tracing.ts"
export type { Transport, TransportRequest, TransportResponse } from "./transport.ts"
export type { Watch, WatchedChange, WatchListener, WatchOptions } from "./watch.ts"
