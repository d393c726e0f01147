/** `halfkey/admin`: workspaces, environments, clients and API keys. Everything is made and signed on this machine. */
import type {
  ApiKeyAdministration,
  ClientAdministration,
  DeviceAdministration,
  EnvironmentAdministration,
  GrantAdministration,
  GranterAdministration,
} from "./administration/administration.ts"
import { ApiKeys } from "./administration/api-keys.ts"
import { Audit } from "./administration/audit.ts"
import { AuditKey } from "./administration/audit-key.ts"
import type { AuditKeyAdministration } from "./administration/audit-key-types.ts"
import { Clients } from "./administration/clients.ts"
import { fileDeviceKeys, makeDeviceKeys } from "./administration/device-filing.ts"
import type { DeviceKeys, FileDeviceOptions, FiledDevice } from "./administration/device-types.ts"
import { Devices } from "./administration/devices.ts"
import { Environments } from "./administration/environments.ts"
import { Granters } from "./administration/granters.ts"
import { Grants } from "./administration/grants.ts"
import { readHealth } from "./administration/health.ts"
import { checkKit, recover } from "./administration/recovery.ts"
import { Restores } from "./administration/restore.ts"
import type { RestoreAdministration } from "./administration/restore-types.ts"
import { readWorkspace } from "./administration/roster.ts"
import type {
  CheckedRecoveryKit,
  CreateWorkspaceOptions,
  NewWorkspace,
  RecoveredWorkspace,
  RecoverOptions,
  ServerHealth,
  WorkspaceInfo,
} from "./administration/types.ts"
import { makeWorkspace } from "./administration/workspace-creation.ts"
import type { AuditAdministration, VerifiedAudit, VerifyExportOptions } from "./audit/types.ts"
import { verifyExport } from "./audit/verify-export.ts"
import { requireOptionTypes } from "./configuration.ts"
import { toResult } from "./failure.ts"
import type { CallOptions, SecretsOptions } from "./options.ts"
import type { Result } from "./result.ts"
import { SessionHolder } from "./session-holder.ts"

export type {
  ApiKeyAdministration,
  ClientAdministration,
  DeviceAdministration,
  EnvironmentAdministration,
  GrantAdministration,
  GranterAdministration,
} from "./administration/administration.ts"
export type * from "./administration/api-key-types.ts"
export type * from "./administration/audit-key-types.ts"
export type * from "./administration/device-types.ts"
export type * from "./administration/environment-types.ts"
export type * from "./administration/restore-types.ts"
export type * from "./administration/rotation-types.ts"
export type * from "./administration/types.ts"
export type * from "./audit/types.ts"
export { allowInsecureEndpoint, type CallOptions, type SecretsOptions } from "./options.ts"
export { type Failure, type FailureType, type ProblemCode, type Result, SecretsError, unwrap } from "./result.ts"

/**
 * Makes a workspace with its root, its environments and its first admin client, all on this machine, and registers it
 * with the server's one-time setup token. What it answers with is shown once; keep the recovery kit in a safe.
 *
 * @example
 * const made = unwrap(await createWorkspace({ endpoint, setupToken, label: "laptop of Ada" }))
 * const { recoveryKit, ...credentials } = made // the kit goes into a safe
 * const admin = new Admin({ ...credentials, endpoint })
 * console.log(unwrap(await admin.environments.list()).length) // prints 3
 * await admin.close()
 */
export function createWorkspace(options: CreateWorkspaceOptions): Promise<Result<NewWorkspace>> {
  return toResult(async () => await makeWorkspace(options))
}

/**
 * For when every admin's key is lost: with the recovery kit, a new admin takes the place of every client and API key, and
 * can read every environment. Can be repeated; each time the admin of the time before is out.
 *
 * @example
 * const { environments } = unwrap(await recoverWorkspace({ endpoint, recoveryKit, label: "new laptop of Ada" }))
 * console.log(environments.includes("production")) // prints true
 */
export function recoverWorkspace(options: RecoverOptions): Promise<Result<RecoveredWorkspace>> {
  return toResult(async () => await recover(options))
}

/**
 * Whether a recovery kit was typed whole and is that of this workspace. Sends nothing, and uses it for nothing.
 *
 * @example
 * const { workspaceId } = unwrap(await checkRecoveryKit(recoveryKit, workspaceCRN))
 * console.log(workspaceCRN.endsWith(workspaceId)) // prints true
 */
export function checkRecoveryKit(recoveryKit: string, workspaceCRN?: string): Promise<Result<CheckedRecoveryKit>> {
  return toResult(async () => await checkKit(recoveryKit, workspaceCRN))
}

/**
 * The keys of a device that asks to be let in (S9), made on this machine. Keep them before anything is sent.
 *
 * @example
 * const device = unwrap(await newDevice(workspaceCRN))
 * console.log(Object.keys(device).join()) // prints workspaceCRN,clientId,clientKey,nonce
 */
export function newDevice(workspaceCRN: string): Promise<Result<DeviceKeys>> {
  return toResult(async () => await makeDeviceKeys(workspaceCRN))
}

/**
 * Asks the server to let a device in, and gives the code that an admin compares (`devices.approve`). Until then every call
 * with the device's keys and `device: true` fails with `device_pending`. Repeating it changes nothing.
 *
 * @example
 * const device = unwrap(await newDevice(workspaceCRN))
 * const { code } = unwrap(await fileDevice({ endpoint, device, label: "laptop of Grace" }))
 * console.log(code.length) // prints 11
 */
export function fileDevice(options: FileDeviceOptions): Promise<Result<FiledDevice>> {
  return toResult(async () => await fileDeviceKeys(options))
}

/**
 * Verifies entries that were taken away with `admin.audit.export` against a checkpoint, without asking any server. Fails
 * with `audit_verification_failed`, or `keyset_verification_failed` for a roster that the CRN does not prove.
 *
 * @example
 * const { note, roster } = unwrap(await admin.audit.checkpoint())
 * const entries: AuditLogEntry[] = []
 * for await (const page of admin.audit.export()) entries.push(...unwrap(page).entries)
 * const { size } = unwrap(await verifyAuditExport({ entries, checkpoint: note, workspaceCRN, roster }))
 * console.log(size <= entries.length) // prints true
 */
export function verifyAuditExport(options: VerifyExportOptions): Promise<Result<VerifiedAudit>> {
  return toResult(async () => await verifyExport(options))
}

/**
 * Administration of one workspace, by an `admin` client, or with a `control` key without a client for what needs no
 * signature. Settings, results and failures are those of `Secrets`.
 *
 * @example
 * const admin = new Admin() // by variables, as `Secrets`
 * console.log(unwrap(await admin.workspace()).caller.role) // prints admin
 * await admin.close()
 */
export class Admin {
  readonly environments: EnvironmentAdministration
  readonly clients: ClientAdministration
  readonly grants: GrantAdministration
  readonly granters: GranterAdministration
  readonly devices: DeviceAdministration
  readonly apiKeys: ApiKeyAdministration
  readonly audit: AuditAdministration
  readonly auditKey: AuditKeyAdministration
  readonly restore: RestoreAdministration
  readonly #holder: SessionHolder
  readonly #options: SecretsOptions

  /** @throws TypeError for an option of a wrong type */
  constructor(options: SecretsOptions = {}) {
    requireOptionTypes(options)
    this.#options = options
    this.#holder = new SessionHolder(options, "optional")
    this.environments = new Environments(this.#holder)
    const clients = new Clients(this.#holder)
    this.clients = clients
    this.grants = new Grants(this.#holder, clients)
    this.granters = new Granters(this.#holder)
    this.devices = new Devices(this.#holder)
    this.apiKeys = new ApiKeys(this.#holder)
    this.audit = new Audit(this.#holder)
    this.auditKey = new AuditKey(this.#holder)
    this.restore = new Restores(this.#holder)
  }

  /**
   * The own workspace: its granters by the signed roster, checked against the CRN, and what the caller may do.
   *
   * @example
   * const { granters } = unwrap(await admin.workspace())
   * console.log(granters.map(({ label }) => label).join()) // prints admin
   */
  workspace(options: CallOptions = {}): Promise<Result<WorkspaceInfo>> {
    return toResult(async () => {
      const { session } = this.#holder
      return await session.run(options, async (scope) => (await readWorkspace(session, scope)).info)
    })
  }

  /**
   * Whether the server is there. Works without credentials, too.
   *
   * @example
   * const { needsSetup, protocols } = unwrap(await admin.health())
   * console.log(needsSetup, protocols.length > 0) // prints false true
   */
  health(options: CallOptions = {}): Promise<Result<ServerHealth>> {
    return toResult(async () => await readHealth(this.#options, options))
  }

  /**
   * Waits for calls under way, then overwrites all keys in memory. Later calls fail.
   *
   * @example
   * await admin.close()
   * console.log((await admin.workspace()).failure?.code) // prints invalid_argument
   */
  async close(): Promise<void> {
    await this.#holder.close()
  }
}
