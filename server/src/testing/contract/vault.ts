/** The contract of the store: records, audit entries and what is kept beside them. */
import assert from "node:assert/strict"
import { auditLeaf } from "@halfkey/core/formats/audit-entry"
import type { WorkspaceId } from "@halfkey/core/formats/ids"
import type { Store } from "../../domain/store.ts"
import { clientId, guard, keysetId, workspaceId } from "../workspace-database.ts"
import { type Contract, commitOf, found, hash, hex, nextManifest, refusedWith, write } from "./parts.ts"

export const vault: Contract = [
  [
    "records, versions and lists are what was written, in order of their bytes",
    async ([store, other]) => {
      await found(store)
      const names = ["b", "B", "a_", "aB", "a.1", "Z", "A/b", "A-b", "A"]
      const rows = await store.commitSecrets(guard(), commitOf(...names.map((name) => write(name, 1))))
      assert.deepEqual(
        rows.map(({ name }) => name),
        names,
      )
      await other.commitSecrets(guard(), commitOf(write("A", 2), write("Z", 2, { deleted: true })))
      const list = (filter: object) =>
        store.listSecrets(keysetId, { prefix: "", after: "", limit: 100, deleted: false, ...filter })
      const namesOf = async (filter: object) => (await list(filter)).map(({ name }) => name)
      const sorted = names.filter((name) => name !== "Z").sort()
      assert.deepEqual(await namesOf({}), sorted)
      assert.deepEqual(await namesOf({ deleted: true }), [...names].sort())
      assert.deepEqual(await namesOf({ prefix: "A" }), ["A", "A-b", "A/b"])
      assert.deepEqual(await namesOf({ after: "B", limit: 2 }), ["a.1", "aB"])
      const current = await other.currentSecrets(keysetId, ["Z", "never", "A", 'it\'s "odd"\n'])
      assert.deepEqual(
        current.map((row) => row && [row.name, row.version, row.deleted]),
        [["Z", 2, true], undefined, ["A", 2, false], undefined],
      )
      const versions = await store.versions(keysetId, "A")
      assert.deepEqual(
        versions.map(({ version, size, epoch }) => [version, size, epoch]),
        [
          [2, 302, 1],
          [1, 301, 1],
        ],
      )
      const first = await store.secretVersion(keysetId, "A", 1)
      const record = await store.record(first?.recordNumber ?? 0)
      assert.equal(hex(record?.record), "01".repeat(301))
      assert.equal(hex(record?.keyId), "01".repeat(16))
      assert.equal(await store.record(9_999_999), undefined)
    },
  ],
  [
    "re-sealing replaces the record and nothing else, and an epoch does not go while a record needs it",
    async ([store, other]) => {
      await found(store)
      await store.commitSecrets(guard(), commitOf(write("A", 1)))
      await store.commitSecrets(guard(), commitOf(write("A", 2)))
      const both = nextManifest(2, { liveEpochs: [1, 2], authorityKeys: [{ keysetId, epoch: 2, wrapped: hash(2) }] })
      const rotated = { ...both, keyset: { ...both.keyset, epoch: 2 } }
      await store.updateKeyset(guard(1), rotated)
      await assert.rejects(other.updateKeyset(guard(2), rotated), refusedWith("revision_conflict"))
      const dropping = { ...nextManifest(3, { liveEpochs: [2] }), keyset: { ...rotated.keyset, revision: 3 } }
      await assert.rejects(other.updateKeyset(guard(2), dropping), refusedWith("revision_conflict"))
      const stalePage = await other.staleRecords(keysetId, 2, { after: { epoch: 0, recordNumber: 0 }, limit: 10 })
      assert.deepEqual(
        stalePage.map(({ name, version, epoch }) => [name, version, epoch]),
        [
          ["A", 1, 1],
          ["A", 2, 1],
        ],
      )
      const writes = [1, 2].map((version) => ({
        ...write("A", version, { epoch: 2, hash: hash(50 + version), record: new Uint8Array(400).fill(9) }),
        previousHash: hash(version),
      }))
      assert.deepEqual(await other.resealSecrets(guard(2), { keysetId, epoch: 2, writes }), { resealed: 2, already: 0 })
      assert.deepEqual(await store.resealSecrets(guard(2), { keysetId, epoch: 2, writes }), { resealed: 0, already: 2 })
      assert.equal(await store.countStaleRecords(keysetId, 2), 0)
      const row = await store.secretVersion(keysetId, "A", 2)
      assert.equal(hex((await store.record(row?.recordNumber ?? 0))?.record), "09".repeat(400))
      assert.equal((await other.currentSecrets(keysetId, ["A"]))[0]?.recordNumber, row?.recordNumber)
      await other.updateKeyset(guard(2), dropping)
      assert.equal(await store.authorityKey(keysetId, 1), undefined)
      assert.equal(hex((await store.authorityKey(keysetId, 2))?.wrapped), hex(hash(2)))
      assert.equal((await store.manifests(keysetId, 2)).length, 2)
      assert.equal((await store.manifests(keysetId))[0]?.number, 3)
    },
  ],
  [
    "an assertion counts once on all replicas",
    async ([store, other]) => {
      await found(store)
      const use = (each: Store, jti: string, now: number) =>
        each.issueToken(guard(), { assertion: { clientId, jti, expiresAt: 100 }, now })
      const tries = await Promise.allSettled([use(store, "one", 1), use(other, "one", 1), use(store, "two", 1)])
      assert.equal(tries.filter(({ status }) => status === "fulfilled").length, 2)
      await assert.rejects(use(other, "one", 50), refusedWith("invalid_client"))
      await use(store, "three", 200)
      await use(other, "one", 200)
      const root = { workspaceId, jti: "root", expiresAt: 100, now: 1 }
      const roots = await Promise.allSettled([store, other].map((each) => each.useRootAssertion(guard(), root)))
      assert.equal(roots.filter(({ status }) => status === "fulfilled").length, 1)
      assert.equal(await other.isRootAssertionUsed(workspaceId, "root"), true)
    },
  ],
  [
    "a checkpoint is never followed by a smaller one, and a stream goes on where it was",
    async ([store, other]) => {
      await found(store)
      const row = (size: number, incarnation = 1) => ({ incarnation, size, time: size, note: `note ${size}` })
      const save = (each: Store, ...of: Parameters<typeof row>) => each.audit.saveCheckpoint(workspaceId, row(...of))
      await save(store, 10)
      await Promise.all([save(store, 12), save(other, 11), save(store, 9)])
      assert.equal((await other.audit.checkpoint(workspaceId))?.size, 12)
      await save(other, 3, 2)
      assert.equal((await store.audit.checkpoint(workspaceId))?.note, "note 3")
      assert.equal(await store.audit.streamed("file", workspaceId), 0)
      await store.audit.saveStreamed("file", workspaceId, 40)
      await other.audit.saveStreamed("file", workspaceId, 41)
      assert.equal(await store.audit.streamed("file", workspaceId), 41)
    },
  ],
  [
    "entries come back byte for byte, and are found by what they are about",
    async ([store, other]) => {
      await found(store)
      const made = ["READ_ME", "OTHER"].map((name, index) =>
        auditLeaf({
          v: 1,
          id: `entry ${index}`,
          time: new Date(index).toISOString(),
          workspaceId,
          requestId: "request",
          action: "secret.read",
          outcome: "allowed",
          names: [`${name}@1`],
          environment: "production",
          address: "127.0.0.1",
        }),
      )
      for (const [index, { bytes: entry, leafHash }] of made.entries()) {
        await (index === 0 ? store : other).appendAudit({
          generation: 1,
          audit: { workspaceId, time: index, entry, leafHash },
        })
      }
      const page = { after: undefined, limit: 10, order: "desc" } as const
      const found_ = await other.audit.entries(workspaceId, { name: "READ_ME" }, page)
      assert.deepEqual(
        found_.entries.map(({ index }) => index),
        [1],
      )
      assert.equal(hex(found_.entries[0]?.bytes), hex(made[0]?.bytes))
      assert.equal(await store.audit.indexOf(workspaceId, made[1]?.leafHash ?? hash(0)), 2)
      assert.equal(await store.audit.indexOf(workspaceId, hash(250)), undefined)
      assert.equal(await store.workspace("B".repeat(26) as WorkspaceId), undefined)
    },
  ],
  [
    "entries that are in an archive go, once, and numbers go on",
    async ([store, other]) => {
      await found(store)
      await Promise.all(Array.from({ length: 300 }, () => store.appendAudit(guard())))
      const archive = { first: 0, last: 255, file: "0-255.jsonl", hash: hash(1), time: 5 }
      await store.audit.archive(guard().audit, archive)
      await assert.rejects(other.audit.archive(guard().audit, archive), refusedWith("data_directory_in_use"))
      assert.deepEqual(await other.audit.forgettableBlocks(workspaceId), { first: 0, end: 1 })
      await other.audit.forgetBlock(workspaceId, 0)
      await assert.rejects(store.audit.forgetBlock(workspaceId, 1))
      await store.appendAudit(guard())
      const left = await other.audit.entries(workspaceId, {}, { after: undefined, limit: 1000, order: "asc" })
      assert.equal(left.archived.length, 1)
      assert.deepEqual([left.entries[0]?.index, left.entries.at(-1)?.index], [256, 302])
    },
  ],
]
