/** The store over any SQL database: reads go to a reader, writes by name to whoever holds the write connection. */
import type { ApiKeyId, ClientId, KeysetId, WorkspaceId } from "@halfkey/core/formats/ids"
import type { SecretRow } from "../domain/rows.ts"
import type { AuditRecord, Guard, Store } from "../domain/store.ts"
import * as apiKeys from "./api-key-queries.ts"
import * as devices from "./device-queries.ts"
import * as keysets from "./keyset-queries.ts"
import type { OperationParameters, Writer } from "./operations/operations.ts"
import * as purges from "./purge-queries.ts"
import type { Reader } from "./query.ts"
import * as recovery from "./recovery-queries.ts"
import * as rotation from "./rotation-queries.ts"
import { apiKeyFromTable, secretFromTable } from "./row-mapping.ts"
import * as secrets from "./secret-queries.ts"
import * as serverKeys from "./server-key-queries.ts"
import { SqlAuditStore } from "./sql-audit-store.ts"
import * as state from "./state-queries.ts"

export class SqlStore implements Store {
  readonly audit: SqlAuditStore
  readonly #reader: Reader
  readonly #writer: Writer
  readonly #closeReader: () => Promise<void>

  constructor(reader: Reader, writer: Writer, closeReader: () => Promise<void>) {
    this.#reader = reader
    this.#writer = writer
    this.#closeReader = closeReader
    this.audit = new SqlAuditStore(reader, writer)
  }

  server() {
    return this.#reader.first(state.server, {})
  }

  signingKeys() {
    return this.#reader.all(state.signingKeys, {})
  }

  async isSetupToken(hash?: Uint8Array) {
    if (hash === undefined) return (await this.#reader.first(state.anySetupToken, {})) !== undefined
    return (await this.#reader.first(state.unusedSetupToken, { hash })) !== undefined
  }

  async hasWorkspace() {
    return (await this.#reader.first(state.anyWorkspace, {})) !== undefined
  }

  workspace(id: WorkspaceId) {
    return this.#reader.first(state.workspace, { id })
  }

  rosters(workspaceId: WorkspaceId) {
    return this.#reader.all(state.rosters, { workspaceId })
  }

  async isRootAssertionUsed(workspaceId: WorkspaceId, jti: string) {
    return (await this.#reader.first(recovery.usedRootAssertion, { workspaceId, jti })) !== undefined
  }

  client(workspaceId: WorkspaceId, id: ClientId) {
    return this.#reader.first(state.client, { workspaceId, id })
  }

  clients(workspaceId: WorkspaceId) {
    return this.#reader.all(state.clients, { workspaceId })
  }

  pendingDevice(workspaceId: WorkspaceId, id: ClientId) {
    return this.#reader.first(devices.pendingDevice, { workspaceId, id })
  }

  pendingDevices(workspaceId: WorkspaceId) {
    return this.#reader.all(devices.pendingDevices, { workspaceId })
  }

  async apiKey(id: ApiKeyId) {
    const row = await this.#reader.first(state.apiKey, { id })
    return row && apiKeyFromTable(row)
  }

  async apiKeys(workspaceId: WorkspaceId) {
    return (await this.#reader.all(state.apiKeys, { workspaceId })).map(apiKeyFromTable)
  }

  lastUses(workspaceId: WorkspaceId) {
    return this.#reader.all(apiKeys.lastUses, { workspaceId })
  }

  keysetById(workspaceId: WorkspaceId, id: KeysetId) {
    return this.#reader.first(keysets.keysetById, { workspaceId, id })
  }

  keysetByName(workspaceId: WorkspaceId, name: string) {
    return this.#reader.first(keysets.keysetByName, { workspaceId, name })
  }

  keysets(workspaceId: WorkspaceId) {
    return this.#reader.all(keysets.keysets, { workspaceId })
  }

  unpurgedKeysets() {
    return this.#reader.all(purges.unpurgedKeysets, {})
  }

  async mode(keysetId: KeysetId, clientId: ClientId) {
    return (await this.#reader.first(keysets.mode, { keysetId, clientId }))?.mode
  }

  memberships(workspaceId: WorkspaceId, clientId?: ClientId) {
    if (clientId === undefined) return this.#reader.all(keysets.memberships, { workspaceId })
    return this.#reader.all(keysets.membershipsOf, { workspaceId, clientId })
  }

  manifests(keysetId: KeysetId, sinceRevision?: number) {
    if (sinceRevision === undefined) return this.#reader.all(keysets.newestManifest, { keysetId })
    return this.#reader.all(keysets.manifestsSince, { keysetId, revision: sinceRevision })
  }

  grants(keysetId: KeysetId, clientId?: ClientId) {
    if (clientId === undefined) return this.#reader.all(keysets.grants, { keysetId })
    return this.#reader.all(keysets.grantsOf, { keysetId, clientId })
  }

  recoveryGrants(keysetId: KeysetId) {
    return this.#reader.all(keysets.recoveryGrants, { keysetId })
  }

  authorityKey(keysetId: KeysetId, epoch: number) {
    return this.#reader.first(keysets.authorityKey, { keysetId, epoch })
  }

  authorityKeys() {
    return this.#reader.all(serverKeys.allAuthorityKeys, {})
  }

  async usesEpoch(keysetId: KeysetId, epoch: number) {
    return (await this.#reader.first(secrets.anyRecordOfEpoch, { keysetId, epoch })) !== undefined
  }

  async currentSecrets(keysetId: KeysetId, names: readonly string[]): Promise<readonly (SecretRow | undefined)[]> {
    const [only, another] = names
    if (only !== undefined && another === undefined) {
      const row = await this.#reader.first(secrets.currentSecret, { keysetId, name: only })
      return [row && secretFromTable(row)]
    }
    const rows = await this.#reader.all(secrets.currentSecrets, { keysetId, names: JSON.stringify(names) })
    const byName = new Map(rows.map((row) => [row.name, secretFromTable(row)]))
    return names.map((name) => byName.get(name))
  }

  async secretVersion(keysetId: KeysetId, name: string, version: number) {
    const row = await this.#reader.first(secrets.secretVersion, { keysetId, name, version })
    return row && secretFromTable(row)
  }

  async listSecrets(...[keysetId, { after, deleted, limit, prefix: from }]: Parameters<Store["listSecrets"]>) {
    // Names are ASCII, so U+007F comes behind all of them.
    const range = { after, from, end: `${from}\u007f` }
    const rows = await this.#reader.all(secrets.listSecrets, { keysetId, ...range, limit, deleted: deleted ? 1 : 0 })
    return rows.map(secretFromTable)
  }

  async versions(keysetId: KeysetId, name: string) {
    const rows = await this.#reader.all(secrets.versions, { keysetId, name })
    return rows.map((row) => ({ ...row, deleted: row.deleted === 1 }))
  }

  async staleRecords(...[keysetId, epoch, { after, limit }]: Parameters<Store["staleRecords"]>) {
    const from = { afterEpoch: after.epoch, afterNumber: after.recordNumber }
    const rows = await this.#reader.all(rotation.staleRecords, { keysetId, epoch, ...from, limit })
    return rows.map((row) => ({ ...row, deleted: row.deleted === 1 }))
  }

  async countStaleRecords(keysetId: KeysetId, epoch: number) {
    return (await this.#reader.first(rotation.countStaleRecords, { keysetId, epoch }))?.count ?? 0
  }

  record(recordNumber: number) {
    return this.#reader.first(secrets.record, { recordNumber })
  }

  appendAudit(guard: Guard) {
    return this.#writer.appendAudit(guard)
  }

  issueToken(...parameters: OperationParameters<"issueToken">) {
    return this.#writer.run("issueToken", ...parameters)
  }

  createWorkspace(audit: AuditRecord, input: OperationParameters<"createWorkspace">[1]) {
    return this.#writer.run("createWorkspace", audit, input)
  }

  createKeyset(...parameters: OperationParameters<"createKeyset">) {
    return this.#writer.run("createKeyset", ...parameters)
  }

  updateKeyset(...parameters: OperationParameters<"updateKeyset">) {
    return this.#writer.run("updateKeyset", ...parameters)
  }

  replaceRoster(...parameters: OperationParameters<"replaceRoster">) {
    return this.#writer.run("replaceRoster", ...parameters)
  }

  useRootAssertion(...parameters: OperationParameters<"useRootAssertion">) {
    return this.#writer.run("useRootAssertion", ...parameters)
  }

  recoverWorkspace(...parameters: OperationParameters<"recoverWorkspace">) {
    return this.#writer.run("recoverWorkspace", ...parameters)
  }

  purgeKeyset(...parameters: OperationParameters<"purgeKeyset">) {
    return this.#writer.run("purgeKeyset", ...parameters)
  }

  saveSelfWraps(...parameters: OperationParameters<"saveSelfWraps">) {
    return this.#writer.run("saveSelfWraps", ...parameters)
  }

  createClient(...parameters: OperationParameters<"createClient">) {
    return this.#writer.run("createClient", ...parameters)
  }

  revokeClient(...parameters: OperationParameters<"revokeClient">) {
    return this.#writer.run("revokeClient", ...parameters)
  }

  fileDevice(...parameters: OperationParameters<"fileDevice">) {
    return this.#writer.run("fileDevice", ...parameters)
  }

  rejectDevice(...parameters: OperationParameters<"rejectDevice">) {
    return this.#writer.run("rejectDevice", ...parameters)
  }

  createApiKey(...parameters: OperationParameters<"createApiKey">) {
    return this.#writer.run("createApiKey", ...parameters)
  }

  revokeApiKey(...parameters: OperationParameters<"revokeApiKey">) {
    return this.#writer.run("revokeApiKey", ...parameters)
  }

  rotateApiKey(...parameters: OperationParameters<"rotateApiKey">) {
    return this.#writer.run("rotateApiKey", ...parameters)
  }

  saveLastUses(...parameters: OperationParameters<"saveLastUses">) {
    return this.#writer.run("saveLastUses", ...parameters)
  }

  commitSecrets(...parameters: OperationParameters<"commitSecrets">) {
    return this.#writer.run("commitSecrets", ...parameters)
  }

  resealSecrets(...parameters: OperationParameters<"resealSecrets">) {
    return this.#writer.run("resealSecrets", ...parameters)
  }

  initialize(...parameters: OperationParameters<"initialize">) {
    return this.#writer.run("initialize", ...parameters)
  }

  addSigningKey(...parameters: OperationParameters<"addSigningKey">) {
    return this.#writer.run("addSigningKey", ...parameters)
  }

  replaceRootKey(...parameters: OperationParameters<"replaceRootKey">) {
    return this.#writer.run("replaceRootKey", ...parameters)
  }

  deleteSigningKeys(...parameters: OperationParameters<"deleteSigningKeys">) {
    return this.#writer.run("deleteSigningKeys", ...parameters)
  }

  replaceSetupToken(...parameters: OperationParameters<"replaceSetupToken">) {
    return this.#writer.run("replaceSetupToken", ...parameters)
  }

  /** Where one process writes, there is no other. */
  alone<T>(body: () => Promise<T>): Promise<T> {
    return body()
  }

  async ping() {
    await this.#reader.first(state.server, {})
  }

  async close() {
    await this.#writer.close()
    await this.#closeReader()
  }
}
