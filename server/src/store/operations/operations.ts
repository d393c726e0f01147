/** Every write by its name: how the store asks whoever holds the write connection. */
import type { WorkspaceId } from "@halfkey/core/formats/ids"
import type { AuditRecord, Guard } from "../../domain/store.ts"
import type { Transaction } from "../query.ts"
import * as administration from "./administration.ts"
import * as apiKeys from "./api-keys.ts"
import { saveCheckpoint, saveStreamed } from "./audit.ts"
import { archiveAudit, forgetBlock } from "./audit-archive.ts"
import * as devices from "./devices.ts"
import * as keysets from "./keysets.ts"
import { purgeKeyset } from "./purge.ts"
import { resealSecrets } from "./reseal.ts"
import * as rosters from "./rosters.ts"
import { commitSecrets } from "./secrets.ts"
import * as serverKeys from "./server-keys.ts"

const operations = {
  initialize: administration.initialize,
  issueToken: administration.issueToken,
  createWorkspace: administration.createWorkspace,
  createClient: administration.createClient,
  revokeClient: administration.revokeClient,
  createApiKey: administration.createApiKey,
  revokeApiKey: administration.revokeApiKey,
  fileDevice: devices.fileDevice,
  rejectDevice: devices.rejectDevice,
  rotateApiKey: apiKeys.rotateApiKey,
  saveLastUses: apiKeys.saveLastUses,
  replaceSetupToken: administration.replaceSetupToken,
  createKeyset: keysets.createKeyset,
  updateKeyset: keysets.updateKeyset,
  saveSelfWraps: keysets.saveSelfWraps,
  replaceRoster: rosters.replaceRoster,
  useRootAssertion: rosters.useRootAssertion,
  recoverWorkspace: rosters.recoverWorkspace,
  addSigningKey: serverKeys.addSigningKey,
  replaceRootKey: serverKeys.replaceRootKey,
  deleteSigningKeys: serverKeys.deleteSigningKeys,
  purgeKeyset,
  commitSecrets,
  resealSecrets,
  saveCheckpoint,
  saveStreamed,
  archiveAudit,
  forgetBlock,
} as const

type Operations = typeof operations
export type OperationName = keyof Operations

type Rest<F> = F extends (tx: Transaction, ...rest: infer R) => Promise<unknown> ? R : never
/** What an operation is called with, after the transaction: plain data that can be sent to a thread. */
export type OperationParameters<Name extends OperationName> = Rest<Operations[Name]>
export type OperationResult<Name extends OperationName> = Awaited<ReturnType<Operations[Name]>>

export interface OperationCall {
  readonly name: OperationName
  readonly parameters: readonly unknown[]
}

/** The workspace whose audit log an operation adds to: the first parameter is a guard or an entry then. */
export function workspaceOf({ parameters: [first] }: OperationCall): WorkspaceId | undefined {
  const { audit, leafHash, workspaceId } = (first ?? {}) as Partial<Guard & AuditRecord>
  return audit?.workspaceId ?? (leafHash && workspaceId)
}

/** Whoever holds the write connection. Resolves when the operation is durable. */
export interface Writer {
  /** Appends an entry that describes no change. Throws `StaleStateError`. */
  appendAudit(guard: Guard): Promise<void>
  run<Name extends OperationName>(name: Name, ...parameters: OperationParameters<Name>): Promise<OperationResult<Name>>
  /** Finishes what was begun, then closes. */
  close(): Promise<void>
}

export function runOperation(tx: Transaction, call: OperationCall): Promise<unknown> {
  const operation = operations[call.name] as (tx: Transaction, ...parameters: readonly unknown[]) => Promise<unknown>
  return operation(tx, ...call.parameters)
}
