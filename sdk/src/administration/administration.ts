/** The parts of `Admin`: what they promise. */
import type { CallOptions } from "../options.ts"
import type { Result } from "../result.ts"
import type { ApiKey, CreatedApiKey, NewApiKey, RotateApiKeyOptions, RotatedApiKey } from "./api-key-types.ts"
import type { ComparingOptions, DeviceApproval, DeviceList, OwnEnvironment, RemovedDevice } from "./device-types.ts"
import type { ChangedState, KeysetSummary, NewKeysetOptions } from "./environment-types.ts"
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
   * @example
   * for (const { mode, name } of unwrap(await admin.environments.list())) console.log(name, mode)
   * // prints development read-write
   * // prints production read-write
   * // prints staging read-write
   */
  list(options?: CallOptions): Promise<Result<KeysetSummary[]>>
  /**
   * Those that this client is a member of and that are enabled, each loaded and checked as for a read (S4): by its signed
   * manifest, whatever the server says.
   * @example
   * const own = unwrap(await admin.environments.own())
   * console.log(own.map(({ name }) => name).join()) // prints development,production,staging
   */
  own(options?: CallOptions): Promise<Result<OwnEnvironment[]>>
  /**
   * Makes an environment whose only member is this client; a granter grants it to others. Fails with `already_exists`.
   * With `kind: "tenant"` it is a key set for `halfkey/encryption`: a rotation gives it a new epoch and keeps the old ones,
   * since fields in a program's own database need them.
   * @example
   * console.log(unwrap(await admin.environments.create("preview")).memberCount) // prints 1
   * console.log(unwrap(await admin.environments.create("tenant-acme", { kind: "tenant" })).kind) // prints tenant
   */
  create(name: string, options?: CallOptions & NewKeysetOptions): Promise<Result<KeysetSummary>>
  /**
   * Stops all reads and writes of an environment, at once and for everybody, until `enable`. This client must be a granter,
   * here and below; it need not be a member. Repeating each is no failure. Fails with `keyset_disabled` for a destroyed one.
   * @example
   * const { state } = unwrap(await admin.environments.disable("staging"))
   * console.log(state, (await secrets.get("PORT", { environment: "staging" })).failure?.code) // prints disabled keyset_disabled
   */
  disable(name: string, options?: CallOptions): Promise<Result<ChangedState>>
  /**
   * Ends what `disable` began.
   * @example
   * unwrap(await admin.environments.disable("staging"))
   * console.log(unwrap(await admin.environments.enable("staging")).state) // prints enabled
   */
  enable(name: string, options?: CallOptions): Promise<Result<ChangedState>>
  /**
   * Stops everything at once, as `disable`; when the server's time for second thoughts is over (`undoUntil`; seven days
   * unless its operator says otherwise), its keys are deleted: nobody opens what is there ever again. The name is never free.
   * @example
   * unwrap(await admin.environments.create("experiment"))
   * const { undoUntil } = unwrap(await admin.environments.destroy("experiment"))
   * console.log(undoUntil !== null) // prints true
   */
  destroy(name: string, options?: CallOptions): Promise<Result<ChangedState>>
  /**
   * Brings a destroyed environment back, enabled. Fails with `keyset_disabled` when it is too late.
   * @example
   * unwrap(await admin.environments.create("mistake"))
   * unwrap(await admin.environments.destroy("mistake"))
   * console.log(unwrap(await admin.environments.undoDestroy("mistake")).state) // prints enabled
   */
  undoDestroy(name: string, options?: CallOptions): Promise<Result<ChangedState>>
  /**
   * Gives an environment new keys: a new epoch, every kept version sealed again under it, the old keys destroyed. Reads and
   * writes of others go on meanwhile. Where an earlier rotation is unfinished, it is finished and no other is begun:
   * repeat the call after any interruption. `timeoutMs` is that of each request. Fails with `not_a_granter` or
   * `mode_not_allowed` before anything was done.
   * @example
   * const { epoch } = unwrap(await admin.environments.rotate("development", { onProgress: () => undefined }))
   * console.log(epoch) // prints 2
   */
  rotate(name: string, options?: CallOptions & RotateOptions): Promise<Result<RotatedEnvironment>>
}

/** Clients: what there is, making one on this machine, granting, revoking. */
export interface ClientAdministration {
  /**
   * All clients, revoked ones too. The server's word.
   * @example
   * const live = unwrap(await admin.clients.list()).filter(({ revokedAt }) => revokedAt === null)
   * console.log(live.some((each) => each.clientId === clientId)) // prints true
   */
  list(options?: CallOptions): Promise<Result<Client[]>>
  /**
   * Makes a client: its key on this machine, its membership in each environment signed here, all in one request, all or
   * nothing. The credentials are shown once. Fails with `not_a_granter` where this client may not sign.
   * @example
   * const { credentials } = unwrap(
   *   await admin.clients.create({ label: "api", environments: [{ name: "production", mode: "read" }], apiKey: { readOnly: true } }),
   * )
   * const api = new Secrets({ ...credentials, endpoint, environment: "production" })
   * console.log(unwrap(await api.get("PORT"))) // prints 8080
   * await api.close()
   */
  create(client: NewClientOptions, options?: CallOptions & SealingOptions): Promise<Result<CreatedClient>>
  /**
   * Makes an existing client a member of environments, or changes its mode there. The id must be typed in full by
   * somebody who knows it: the keys that the server sends are checked against it (S4). One environment after the other:
   * repeating it is no failure, and finishes what was interrupted.
   * @example
   * const { environments } = unwrap(await admin.clients.grant(clientId, ["production"], "read"))
   * console.log(environments.map(({ mode, name }) => `${name} ${mode}`).join()) // prints production read
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
   * @example
   * const { environments, rotated } = unwrap(await admin.clients.revoke(clientId, { rotate: true }))
   * console.log(environments.join(), rotated?.join()) // prints staging staging
   */
  revoke(clientId: string, options?: CallOptions & RevokeClientOptions): Promise<Result<RevokedClient>>
}

/** Grants: who may do what in which environment, letting in, taking out. */
export interface GrantAdministration {
  /**
   * The members of these environments, of all that this caller sees when left out: as their manifests say, each
   * checked against the CRN. The server can leave an environment out, but put nobody in.
   * @example
   * const [staging] = unwrap(await admin.grants.list(["staging"]))
   * console.log(staging?.members.some((each) => each.clientId === clientId)) // prints true
   */
  list(environments?: readonly string[], options?: CallOptions): Promise<Result<EnvironmentGrants[]>>
  /**
   * The same as `clients.grant`.
   * @example
   * unwrap(await admin.grants.add(clientId, ["development"]))
   */
  add(
    clientId: string,
    environments: readonly string[],
    mode?: MemberMode,
    options?: CallOptions & SealingOptions,
  ): Promise<Result<GrantedClient>>
  /**
   * Takes a client out of environments, at once, whether or not this granter is a member there. With `rotate` a new
   * epoch begins as well; old versions are sealed again by `halfkey rotate`. Repeating it is no failure.
   * @example
   * const { environments, notMember } = unwrap(await admin.grants.revoke(clientId, ["staging", "production"]))
   * console.log(environments.join(), notMember.join()) // prints staging production
   */
  revoke(
    clientId: string,
    environments: readonly string[],
    options?: CallOptions & RevokeGrantOptions,
  ): Promise<Result<RevokedGrants>>
}

/** Granters: who may sign who is a member. */
export interface GranterAdministration {
  /**
   * By the newest signed roster, checked against the CRN.
   * @example
   * const granters = unwrap(await admin.granters.list())
   * console.log(granters.map(({ label }) => label).join()) // prints admin
   */
  list(options?: CallOptions): Promise<Result<GranterEntry[]>>
  /**
   * Lets an existing client sign, too. The id must be typed in full by somebody who knows it: the keys that the server
   * sends are checked against it (S4). It opens nothing that it was not granted. Repeating it is no failure.
   * @example
   * const { granters } = unwrap(await admin.granters.add(clientId))
   * console.log(granters.length) // prints 2
   */
  add(clientId: string, options?: CallOptions & SigningOptions): Promise<Result<ChangedGranters>>
  /**
   * Takes a granter off the roster, and signs again in the same request every manifest that it had signed. It stays a
   * client with its grants. Repeating it is no failure. Nobody can remove itself.
   * @example
   * unwrap(await admin.granters.add(clientId))
   * const { granters } = unwrap(await admin.granters.remove(clientId))
   * console.log(granters.length) // prints 1
   */
  remove(clientId: string, options?: CallOptions & SigningOptions): Promise<Result<ChangedGranters>>
}

/** People's devices (S9): each makes its own key and shows a code; an admin compares the code and lets it in. */
export interface DeviceAdministration {
  /**
   * Those that wait, and those that were let in. The server's word.
   * @example
   * const { devices, pending } = unwrap(await admin.devices.list())
   * console.log(devices.length, pending.length) // prints 0 0
   */
  list(options?: CallOptions): Promise<Result<DeviceList>>
  /**
   * Lets a device in: its keys are checked against its id, its code is computed on this machine, and only when `compare` says
   * that the device shows that code, its membership in each environment is signed, all or nothing. Fails with
   * `device_not_found`, `already_exists` or `client_revoked` for one that cannot be let in, with `not_a_granter` where this
   * client may not sign.
   * @example
   * const device = unwrap(await newDevice(workspaceCRN))
   * const { code } = unwrap(await fileDevice({ endpoint, device, label: "laptop" }))
   * const environments = [{ name: "development" }]
   * const { label } = unwrap(await admin.devices.approve({ code, environments }, { compare: ({ codeWasTyped }) => codeWasTyped }))
   * console.log(label) // prints laptop
   */
  approve(approval: DeviceApproval, options: CallOptions & SealingOptions & ComparingOptions): Promise<Result<Client>>
  /**
   * Rejects a device that waits, or revokes one that was let in: as `clients.revoke`.
   * @example
   * const device = unwrap(await newDevice(workspaceCRN))
   * unwrap(await fileDevice({ endpoint, device, label: "of a stranger" }))
   * console.log(unwrap(await admin.devices.revoke(device.clientId)).status) // prints rejected
   */
  revoke(clientId: string, options?: CallOptions & RevokeClientOptions): Promise<Result<RemovedDevice>>
  /**
   * Revokes the own device, at once. Manifests go on listing it until a granter signs them again (`revoke`).
   * @example
   * const { nonce, ...device } = unwrap(await newDevice(workspaceCRN))
   * const { code } = unwrap(await fileDevice({ endpoint, device: { nonce, ...device }, label: "laptop" }))
   * const environments = [{ name: "development" }]
   * unwrap(await admin.devices.approve({ code, environments }, { compare: ({ codeWasTyped }) => codeWasTyped }))
   * const own = new Admin({ ...device, endpoint, device: true })
   * console.log(unwrap(await own.devices.leave()).clientId === device.clientId) // prints true
   * await own.close()
   */
  leave(options?: CallOptions): Promise<Result<{ readonly clientId: string }>>
}

/** API keys: what there is, making one, rotating one, revoking one. */
export interface ApiKeyAdministration {
  /**
   * All API keys, revoked ones too. The server's word.
   * @example
   * const keys = unwrap(await admin.apiKeys.list())
   * console.log(keys.some(({ role }) => role === "admin")) // prints true
   */
  list(options?: CallOptions): Promise<Result<ApiKey[]>>
  /**
   * The secret in the answer is shown once: keep it, or revoke the key and make another.
   * @example
   * const { secret } = unwrap(
   *   await admin.apiKeys.create({ label: "nightly job", role: "member", clientId, environments: ["staging"], readOnly: true }),
   * )
   * console.log(secret.slice(0, 5)) // prints hkak_
   */
  create(apiKey: NewApiKey, options?: CallOptions): Promise<Result<CreatedApiKey>>
  /**
   * Puts a new key in the place of one, in one transaction: the same role, client, label and narrowing, its own expiry
   * included. The old one works on for the overlap. Fails with `already_exists` for one that was rotated before. Sent once:
   * where the answer is lost, `list` shows the successor, which can be rotated in turn.
   * @example
   * const made = unwrap(await admin.apiKeys.create({ label: "deploy", role: "member", clientId }))
   * const { rotated, secret } = unwrap(await admin.apiKeys.rotate(made.apiKey.id, { overlapSeconds: 3600 }))
   * console.log(secret !== made.secret, rotated.expiresAt !== null) // prints true true
   */
  rotate(id: string, options?: CallOptions & RotateApiKeyOptions): Promise<Result<RotatedApiKey>>
  /**
   * Takes effect within a second. Revoking a revoked one is no failure.
   * @example
   * const { apiKey } = unwrap(await admin.apiKeys.create({ label: "mistake", role: "member", clientId }))
   * unwrap(await admin.apiKeys.revoke(apiKey.id))
   */
  revoke(id: string, options?: CallOptions): Promise<Result<{ readonly id: string }>>
}
