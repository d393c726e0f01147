/** The parts of `Admin`: what they promise. */
import type { CallOptions } from "../options.ts"
import type { Result } from "../result.ts"
import type { ApiKey, CreatedApiKey, NewApiKey, RotateApiKeyOptions, RotatedApiKey } from "./api-key-types.ts"
import type { ComparingOptions, DeviceApproval, DeviceList, OwnEnvironment, RemovedDevice } from "./device-types.ts"
import type { ChangedState, KeysetSummary } from "./environment-types.ts"
import type {
  AcceptedRestore,
  AcceptRestoreOptions,
  BroughtBack,
  Reconciliation,
  RestorePlan,
} from "./restore-types.ts"
import type { RevokeClientOptions, RotatedEnvironment, RotateOptions } from "./rotation-types.ts"
import type {
  ChangedGranters,
  Client,
  CreatedClient,
  EnvironmentGrants,
  GrantedClient,
  GranterEntry,
  MemberMode,
  NewClientOptions,
  RevokedClient,
  RevokedGrants,
  RevokeGrantOptions,
  SealingOptions,
  SigningOptions,
} from "./types.ts"

/** Environments: what there is, and making a new one on this machine. */
export interface EnvironmentAdministration {
  /**
   * Those that the caller may see: `member` its own, `admin` and `control` all. The server's word, but that one is disabled
   * or destroyed: that its signed manifest says.
   */
  list(options?: CallOptions): Promise<Result<KeysetSummary[]>>
  /**
   * Those that this client is a member of and that are enabled, each loaded and checked as for a read (S4): by its signed
   * manifest, whatever the server says.
   */
  own(options?: CallOptions): Promise<Result<OwnEnvironment[]>>
  /** Makes an environment whose only member is this client; a granter grants it to others. Fails with `already_exists`. */
  create(name: string, options?: CallOptions): Promise<Result<KeysetSummary>>
  /**
   * Stops all reads and writes of an environment, at once and for everybody, until `enable`. This client must be a granter,
   * here and below; it need not be a member. Repeating each is no failure. Fails with `keyset_disabled` for a destroyed one.
   */
  disable(name: string, options?: CallOptions): Promise<Result<ChangedState>>
  /** Ends what `disable` began. */
  enable(name: string, options?: CallOptions): Promise<Result<ChangedState>>
  /**
   * Stops everything at once, as `disable`; when the server's time for second thoughts is over (`undoUntil`; seven days
   * unless its operator says otherwise), its keys are deleted: nobody opens what is there ever again. The name is never free.
   */
  destroy(name: string, options?: CallOptions): Promise<Result<ChangedState>>
  /** Brings a destroyed environment back, enabled. Fails with `keyset_disabled` when it is too late. */
  undoDestroy(name: string, options?: CallOptions): Promise<Result<ChangedState>>
  /**
   * Gives an environment new keys: a new epoch, every kept version sealed again under it, the old keys destroyed. Reads and
   * writes of others go on meanwhile. Where an earlier rotation is unfinished, it is finished and no other is begun:
   * repeat the call after any interruption. `timeoutMs` is that of each request. Fails with `not_a_granter` or
   * `mode_not_allowed` before anything was done.
   */
  rotate(name: string, options?: CallOptions & RotateOptions): Promise<Result<RotatedEnvironment>>
}

/** Clients: what there is, making one on this machine, granting, revoking. */
export interface ClientAdministration {
  /** All clients, revoked ones too. The server's word. */
  list(options?: CallOptions): Promise<Result<Client[]>>
  /**
   * Makes a client: its key on this machine, its membership in each environment signed here, all in one request, all or
   * nothing. The credentials are shown once. Fails with `not_a_granter` where this client may not sign.
   */
  create(client: NewClientOptions, options?: CallOptions & SealingOptions): Promise<Result<CreatedClient>>
  /**
   * Makes an existing client a member of environments, or changes its mode there. The id must be typed in full by
   * somebody who knows it: the keys that the server sends are checked against it (S4). One environment after the other:
   * repeating it is no failure, and finishes what was interrupted.
   */
  grant(
    clientId: string,
    environments: readonly string[],
    mode?: MemberMode,
    options?: CallOptions & SealingOptions,
  ): Promise<Result<GrantedClient>>
  /**
   * Revokes a client at once, then signs the manifests of its environments again without it. What it has read stays
   * read: change those secrets too. With `rotate` each of its environments gets new keys in the same signature, and all
   * that is there is sealed again. Repeating it is no failure, and finishes what was interrupted.
   */
  revoke(clientId: string, options?: CallOptions & RevokeClientOptions): Promise<Result<RevokedClient>>
}

/** Grants: who may do what in which environment, letting in, taking out. */
export interface GrantAdministration {
  /**
   * The members of these environments, of all that this caller sees when left out: as their manifests say, each
   * checked against the CRN. The server can leave an environment out, but put nobody in.
   */
  list(environments?: readonly string[], options?: CallOptions): Promise<Result<EnvironmentGrants[]>>
  /** The same as `clients.grant`. */
  add(
    clientId: string,
    environments: readonly string[],
    mode?: MemberMode,
    options?: CallOptions & SealingOptions,
  ): Promise<Result<GrantedClient>>
  /**
   * Takes a client out of environments, at once, whether or not this granter is a member there. With `rotate` a new
   * epoch begins as well; old versions are sealed again by `halfkey rotate`. Repeating it is no failure.
   */
  revoke(
    clientId: string,
    environments: readonly string[],
    options?: CallOptions & RevokeGrantOptions,
  ): Promise<Result<RevokedGrants>>
}

/** Granters: who may sign who is a member. */
export interface GranterAdministration {
  /** By the newest signed roster, checked against the CRN. */
  list(options?: CallOptions): Promise<Result<GranterEntry[]>>
  /**
   * Lets an existing client sign, too. The id must be typed in full by somebody who knows it: the keys that the server
   * sends are checked against it (S4). It opens nothing that it was not granted. Repeating it is no failure.
   */
  add(clientId: string, options?: CallOptions & SigningOptions): Promise<Result<ChangedGranters>>
  /**
   * Takes a granter off the roster, and signs again in the same request every manifest that it had signed. It stays a
   * client with its grants. Repeating it is no failure. Nobody can remove itself.
   */
  remove(clientId: string, options?: CallOptions & SigningOptions): Promise<Result<ChangedGranters>>
}

/** People's devices (S9): each makes its own key and shows a code; an admin compares the code and lets it in. */
export interface DeviceAdministration {
  /** Those that wait, and those that were let in. The server's word. */
  list(options?: CallOptions): Promise<Result<DeviceList>>
  /**
   * Lets a device in: its keys are checked against its id, its code is computed on this machine, and only when `compare` says
   * that the device shows that code, its membership in each environment is signed, all or nothing. Fails with
   * `device_not_found`, `already_exists` or `client_revoked` for one that cannot be let in, with `not_a_granter` where this
   * client may not sign.
   */
  approve(approval: DeviceApproval, options: CallOptions & SealingOptions & ComparingOptions): Promise<Result<Client>>
  /** Rejects a device that waits, or revokes one that was let in: as `clients.revoke`. */
  revoke(clientId: string, options?: CallOptions & RevokeClientOptions): Promise<Result<RemovedDevice>>
  /** Revokes the own device, at once. Manifests go on listing it until a granter signs them again (`revoke`). */
  leave(options?: CallOptions): Promise<Result<{ readonly clientId: string }>>
}

/** API keys: what there is, making one, rotating one, revoking one. */
export interface ApiKeyAdministration {
  /** All API keys, revoked ones too. The server's word. */
  list(options?: CallOptions): Promise<Result<ApiKey[]>>
  /** The secret in the answer is shown once: keep it, or revoke the key and make another. */
  create(apiKey: NewApiKey, options?: CallOptions): Promise<Result<CreatedApiKey>>
  /**
   * Puts a new key in the place of one, in one transaction: the same role, client, label and narrowing, its own expiry
   * included. The old one works on for the overlap. Fails with `already_exists` for one that was rotated before. Sent once:
   * where the answer is lost, `list` shows the successor, which can be rotated in turn.
   */
  rotate(id: string, options?: CallOptions & RotateApiKeyOptions): Promise<Result<RotatedApiKey>>
  /** Takes effect within a second. Revoking a revoked one is no failure. */
  revoke(id: string, options?: CallOptions): Promise<Result<{ readonly id: string }>>
}

/**
 * After an operator restored an older database. What this machine remembers comes from `freshness`, what it can bring back
 * from `archive`: give both, and keep both.
 */
export interface RestoreAdministration {
  /**
   * What the server went back on. Works where every other call is refused as stale, and changes nothing, not even what is
   * remembered. Left out: all environments that were seen or are listed.
   */
  compare(environments?: readonly string[], options?: CallOptions): Promise<Result<Reconciliation>>
  /** What `accept` would sign now. */
  plan(environments?: readonly string[], options?: CallOptions & AcceptRestoreOptions): Promise<Result<RestorePlan>>
  /**
   * Signs, on top of what the server serves now, manifests that every client takes: of a higher incarnation, with the
   * members, modes and state of the newest manifest that this machine has seen, and versions that go on above all that it has
   * seen. Nobody who had been removed comes back. Rosters that the server lost are uploaded first. Fails with `not_a_granter`
   * before anything is done. Repeating it is no failure, and finishes what was interrupted.
   */
  accept(
    environments?: readonly string[],
    options?: CallOptions & AcceptRestoreOptions,
  ): Promise<Result<AcceptedRestore>>
  /**
   * Uploads lost rosters, and, where the restore was accepted, writes again as new versions what this machine keeps and the
   * server's keys still open. Needs no granter. Repeating it is no failure.
   */
  bringBack(environments?: readonly string[], options?: CallOptions): Promise<Result<BroughtBack>>
}
