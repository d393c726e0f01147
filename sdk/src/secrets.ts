/** `halfkey/secrets`: secrets that are sealed and opened on this machine only. */
import type { CallOptions, SecretsOptions } from "./options.ts"
import type { Result } from "./result.ts"
import type { Secret, SecretMetadata, SecretVersion, SetManyOptions, SetOptions } from "./secret.ts"

export { allowInsecureEndpoint, type CallOptions, type RandomSource, type SecretsOptions } from "./options.ts"
export {
  type Failure,
  type FailureFacts,
  type FailureType,
  type ProblemCode,
  type Result,
  SecretsError,
  unwrap,
} from "./result.ts"
export type { Secret, SecretMetadata, SecretVersion, SetManyOptions, SetOptions } from "./secret.ts"
export type {
  FreshnessState,
  FreshnessStore,
  KeysetFloor,
  RosterFloor,
  SecretFloor,
  StoredToken,
  TokenStore,
} from "./stores.ts"
export type { Transport, TransportRequest, TransportResponse } from "./transport.ts"

export declare class Secrets {
  constructor(options?: SecretsOptions)
  set(name: string, value: string | Uint8Array, options?: SetOptions & CallOptions): Promise<Result<SecretMetadata>>
  setMany(
    entries: Readonly<Record<string, string | Uint8Array>> | ReadonlyMap<string, string | Uint8Array>,
    options?: SetManyOptions & CallOptions,
  ): Promise<Result<SecretMetadata[]>>
  get(name: string, options?: CallOptions): Promise<Result<string>>
  getBytes(name: string, options?: CallOptions): Promise<Result<Uint8Array>>
  getMany(names: readonly string[], options?: CallOptions): Promise<Result<Record<string, string>>>
  getVersion(name: string, version: number, options?: CallOptions): Promise<Result<Secret>>
  readAll(options?: CallOptions): Promise<Result<Secret[]>>
  readMany(names: readonly string[], options?: CallOptions): Promise<Result<Secret[]>>
  list(options?: { readonly prefix?: string | undefined } & CallOptions): Promise<Result<SecretMetadata[]>>
  delete(name: string, options?: SetOptions & CallOptions): Promise<Result<SecretMetadata>>
  history(name: string, options?: CallOptions): Promise<Result<SecretVersion[]>>
  close(): Promise<void>
}
