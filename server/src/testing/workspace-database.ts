/** A database with one workspace, written to without a server: what the store's own tests begin with. */
import assert from "node:assert/strict"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import type { TestContext } from "node:test"
import type { ClientId, KeysetId, WorkspaceId } from "@halfkey/core/formats/ids"
import type Database from "better-sqlite3"
import type { Guard } from "../domain/store.ts"
import type { NewWorkspaceInput } from "../domain/store-inputs.ts"
import type { OperationCall } from "../store/operations/operations.ts"
import { GroupCommit } from "../store/sqlite/group-commit.ts"
import { openSqlite, prepareSchema } from "../store/sqlite/open.ts"

export const workspaceId = "A".repeat(26) as WorkspaceId
export const keysetId = "00000000-0000-4000-8000-000000000001" as KeysetId
export const clientId = "00000000-0000-8000-8000-000000000002" as ClientId

let entries = 0
/** A guard with an entry that is no JSON. */
export function guard(generation = 1, size = 100): Guard {
  entries++
  const entry = new Uint8Array(size).fill(entries % 251)
  return { generation, audit: { workspaceId, time: entries, entry, leafHash: new Uint8Array(32).fill(entries % 251) } }
}

export const workspaceInput: NewWorkspaceInput = {
  setupTokenHash: new Uint8Array(32),
  workspace: {
    id: workspaceId,
    crn: "crn",
    rootSignPk: new Uint8Array(32),
    rootKemPk: new Uint8Array(8),
    createdAt: 1,
  },
  roster: { number: 1, json: "{}", hash: new Uint8Array(32) },
  client: {
    id: clientId,
    workspaceId,
    label: "client",
    signPk: new Uint8Array(32),
    kemPk: new Uint8Array(8),
    deviceRole: null,
    createdAt: 1,
    revokedAt: null,
  },
  apiKey: {
    id: "aaaaaaaaaaaaaaaa" as never,
    workspaceId,
    label: "key",
    role: "admin",
    clientId,
    secretHash: new Uint8Array(32),
    readOnly: false,
    keysetIds: null,
    networks: null,
    createdAt: 1,
    expiresAt: null,
    revokedAt: null,
    rotatedTo: null,
    retiresAt: null,
  },
  keysets: [
    {
      keyset: {
        id: keysetId,
        workspaceId,
        name: "production",
        kind: "environment",
        state: "enabled",
        revision: 1,
        epoch: 1,
        versionFloor: 0,
        createdAt: 1,
        updatedAt: 1,
        undoUntil: null,
        purgedAt: null,
      },
      manifest: { number: 1, json: "{}", hash: new Uint8Array(32) },
      incarnation: 1,
      liveEpochs: [1],
      members: [{ keysetId, clientId, mode: "read-write" }],
      grants: [],
      recoveryGrants: [],
      authorityKeys: [{ keysetId, epoch: 1, wrapped: new Uint8Array(60) }],
    },
  ],
}

/** Closed and removed after the test. */
export async function workspaceDatabase(
  context: TestContext,
): Promise<{ db: Database.Database; commits: GroupCommit }> {
  const folder = mkdtempSync(join(tmpdir(), "halfkey-store-"))
  const db = openSqlite(join(folder, "halfkey.db"))
  context.after(() => {
    db.close()
    rmSync(folder, { recursive: true })
  })
  prepareSchema(db, { keepsCopy: true })
  const commits = new GroupCommit(db)
  const calls: OperationCall[] = [
    { name: "replaceSetupToken", parameters: [{ hash: workspaceInput.setupTokenHash, createdAt: 1 }] },
    { name: "createWorkspace", parameters: [guard().audit, workspaceInput] },
  ]
  const { calls: outcomes } = await commits.run({ audits: [], calls })
  assert.deepEqual(
    outcomes.map(({ ok }) => ok),
    [true, true],
  )
  return { db, commits }
}
