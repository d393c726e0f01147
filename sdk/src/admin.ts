/** `halfkey/admin`: workspaces, environments, clients and API keys. Everything is signed on this machine. */
import type {
  ApiKey,
  Client,
  CreatedApiKey,
  CreatedClient,
  GrantedClient,
  KeysetSummary,
  MemberMode,
  NewApiKey,
  NewClientOptions,
  NewWorkspace,
  RevokedClient,
  SealingOptions,
  ServerHealth,
  WorkspaceInfo,
} from "./administration-types.ts"
import type { CallOptions, SecretsOptions } from "./options.ts"
import type { Result } from "./result.ts"
import type { Transport } from "./transport.ts"

export type * from "./administration-types.ts"
export { allowInsecureEndpoint, type CallOptions, type SecretsOptions } from "./options.ts"
export { type Failure, type FailureType, type ProblemCode, type Result, SecretsError, unwrap } from "./result.ts"

export interface CreateWorkspaceOptions {
  readonly endpoint: string
  readonly setupToken: string
  readonly label: string
  readonly environments?: readonly string[] | undefined
  readonly timeoutMs?: number | undefined
  readonly transport?: Transport | undefined
}

export declare function createWorkspace(options: CreateWorkspaceOptions): Promise<Result<NewWorkspace>>

export declare class Admin {
  constructor(options?: SecretsOptions)
  readonly environments: {
    list(options?: CallOptions): Promise<Result<KeysetSummary[]>>
    create(name: string, options?: CallOptions): Promise<Result<KeysetSummary>>
  }
  readonly clients: {
    list(options?: CallOptions): Promise<Result<Client[]>>
    create(client: NewClientOptions, options?: CallOptions & SealingOptions): Promise<Result<CreatedClient>>
    grant(
      clientId: string,
      environments: readonly string[],
      mode?: MemberMode,
      options?: CallOptions & SealingOptions,
    ): Promise<Result<GrantedClient>>
    revoke(clientId: string, options?: CallOptions): Promise<Result<RevokedClient>>
  }
  readonly apiKeys: {
    list(options?: CallOptions): Promise<Result<ApiKey[]>>
    create(apiKey: NewApiKey, options?: CallOptions): Promise<Result<CreatedApiKey>>
    revoke(id: string, options?: CallOptions): Promise<Result<{ readonly id: string }>>
  }
  workspace(options?: CallOptions): Promise<Result<WorkspaceInfo>>
  health(options?: CallOptions): Promise<Result<ServerHealth>>
  close(): Promise<void>
}
