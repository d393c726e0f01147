import assert from "node:assert/strict"
import { test } from "node:test"
import { isCheckpointSignedBy, parseCheckpoint } from "@halfkey/core/formats/checkpoint"
import type { WorkspaceId } from "@halfkey/core/formats/ids"
import { rosterFormat } from "@halfkey/core/formats/roster"
import { type SigningKey, signingKeyFromSeed } from "@halfkey/core/key-service/signing-key"
import { sha256 } from "@halfkey/core/primitives/hash"
import type { AuditStore, CheckpointRow } from "../../domain/audit/audit-store.ts"
import { TestServer } from "../../testing/test-server.ts"
import { draftWorkspace } from "../../testing/test-workspace.ts"
import { Checkpoints } from "./checkpoints.ts"

const keyOf = (number: number) => signingKeyFromSeed(new Uint8Array(32).fill(number))
const rootHash = sha256(new Uint8Array(1))

/** A log whose roster, incarnation and keys a test changes, and what was stored for it. */
async function logOf(context: { after(remove: () => Promise<void>): void }) {
  const server = await TestServer.start(context)
  const { root, roster } = await draftWorkspace(server.url, [])
  const { signature: _, ...fields } = roster
  const log = {
    workspaceId: root.workspaceId as WorkspaceId,
    auditKey: keyOf(1).publicKey,
    incarnation: 1,
    keys: [keyOf(1)] as SigningKey[],
    time: 1000,
    stored: [] as CheckpointRow[],
    foreign: 0,
  }
  const audit = {
    roster: async () =>
      JSON.stringify(rosterFormat.toJson(rosterFormat.sign({ ...fields, auditKey: log.auditKey }, root.signingKey))),
    incarnation: async () => log.incarnation,
    checkpoint: async () => log.stored.at(-1),
    saveCheckpoint: async (_workspaceId: WorkspaceId, row: CheckpointRow) => void log.stored.push(row),
  } as unknown as AuditStore
  const checkpoints = new Checkpoints({
    store: { audit },
    keys: { checkpointKey: (wanted) => log.keys.find(({ publicKey }) => Buffer.compare(publicKey, wanted) === 0) },
    now: () => log.time,
    onForeignKey: () => log.foreign++,
  })
  const sign = (size: number) => checkpoints.sign({ workspaceId: log.workspaceId, size, rootHash })
  return { log, sign }
}

test("a head is signed once, and again when the log grew, was restored, or its roster names another key", async (context) => {
  const { log, sign } = await logOf(context)
  await sign(3)
  await sign(3)
  assert.equal(log.stored.length, 1)
  log.time = 2000
  await sign(4)
  log.incarnation = 2
  await sign(4)
  log.auditKey = keyOf(2).publicKey
  log.keys.push(keyOf(2))
  await sign(4)
  await sign(4)
  assert.deepEqual(
    log.stored.map(({ incarnation, size, time }) => [incarnation, size, time]),
    [
      [1, 3, 1000],
      [1, 4, 2000],
      [2, 4, 2000],
      [2, 4, 2000],
    ],
  )
  const notes = log.stored.map(({ note }) => parseCheckpoint(note))
  assert.deepEqual(
    notes.map(({ origin }) => origin),
    [1, 1, 2, 2].map((incarnation) => `halfkey/${log.workspaceId}/${incarnation}`),
  )
  const signers = [keyOf(1), keyOf(1), keyOf(1), keyOf(2)]
  for (const [index, note] of notes.entries()) {
    assert.ok(isCheckpointSignedBy(note, signers[index]?.publicKey ?? new Uint8Array(0)))
  }
})

test("a key that is not this server's is told once, and nothing is signed with another one", async (context) => {
  const { log, sign } = await logOf(context)
  log.auditKey = keyOf(9).publicKey
  await sign(3)
  await sign(4)
  assert.deepEqual([log.foreign, log.stored.length], [1, 0])
})
