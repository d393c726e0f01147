/** What the store's contract is asked with: one workspace, writes, documents, keys. */
import assert from "node:assert/strict"
import type { ApiKeyId, ClientId } from "@halfkey/core/formats/ids"
import type { ApiKeyRow, ClientRow } from "../../domain/rows.ts"
import type { Store } from "../../domain/store.ts"
import type { CommitInput, CommitWrite, KeysetInput } from "../../domain/store-inputs.ts"
import { clientId, guard, keysetId, workspaceId, workspaceInput } from "../workspace-database.ts"

export type Stores = readonly [Store, Store]
export type Check = (stores: Stores) => Promise<void>
/** A sentence and what shows it. The first store is one replica, the second another. */
export type Contract = readonly (readonly [sentence: string, check: Check])[]

export const hash = (byte: number) => new Uint8Array(32).fill(byte)
export const hex = (bytes: Uint8Array | undefined) => Buffer.from(bytes ?? []).toString("hex")
export const [firstKeyset] = workspaceInput.keysets as [KeysetInput]

/** Makes the workspace that everything else happens in. */
export async function found(store: Store): Promise<void> {
  await store.replaceSetupToken({ hash: workspaceInput.setupTokenHash, createdAt: 1 })
  await store.createWorkspace(guard().audit, workspaceInput)
}

export const generationOf = async (store: Store) => (await store.workspace(workspaceId))?.generation ?? -1

/** Numbers of all entries that can be read. */
export async function numbers(store: Store): Promise<number[]> {
  const found: number[] = []
  for (let after: number | undefined; ; ) {
    const page = { after, limit: 1000, order: "asc" } as const
    const { entries } = await store.audit.entries(workspaceId, {}, page)
    found.push(...entries.map(({ index }) => index))
    if (entries.length === 0) return found
    after = entries.at(-1)?.index
  }
}

export function requireNoGap(found: readonly number[], count: number): void {
  assert.deepEqual(
    found,
    Array.from({ length: count }, (_, index) => index),
  )
}

export function write(name: string, version: number, changes: Partial<CommitWrite> = {}): CommitWrite {
  return {
    newId: `id of ${name}`,
    name,
    previousVersion: version - 1,
    version,
    deleted: false,
    record: new Uint8Array(300 + version).fill(version),
    hash: hash(version),
    epoch: 1,
    keyId: new Uint8Array(16).fill(version),
    ...changes,
  }
}

export function commitOf(...writes: CommitWrite[]): CommitInput {
  return { keysetId, workspaceId, clientId, epoch: 1, versionFloor: 0, now: 1_700_000_000_000, writes }
}

export function nextManifest(revision: number, changes: Partial<KeysetInput> = {}): KeysetInput {
  return {
    ...firstKeyset,
    keyset: { ...firstKeyset.keyset, revision, updatedAt: revision },
    manifest: { number: revision, json: `{"revision":${revision}}`, hash: hash(revision) },
    authorityKeys: [],
    ...changes,
  }
}

export function anotherClient(id: string): ClientRow {
  return { ...workspaceInput.client, id: id as ClientId, label: id, createdAt: 1_700_000_000_001, deviceRole: "member" }
}

export function anotherKey(id: string, changes: Partial<ApiKeyRow> = {}): ApiKeyRow {
  return { ...workspaceInput.apiKey, id: id as ApiKeyId, label: id, createdAt: 1_700_000_000_002, ...changes }
}

export const refusedWith = (code: string) => (error: unknown) => {
  assert.equal((error as { code?: string }).code, code, String(error))
  return true
}
export const stale = { name: "StaleStateError" }
