/** The contract of the store: writing: what replicas do at the same time. */
import assert from "node:assert/strict"
import { setImmediate as otherWork } from "node:timers/promises"
import { guard, keysetId, workspaceInput } from "../workspace-database.ts"
import {
  type Contract,
  commitOf,
  found,
  generationOf,
  hash,
  numbers,
  refusedWith,
  requireNoGap,
  stale,
  write,
} from "./parts.ts"

export const writing: Contract = [
  [
    "a setup token counts once, and a workspace has one beginning",
    async ([store, other]) => {
      await store.replaceSetupToken({ hash: hash(9), createdAt: 1 })
      assert.equal(await other.isSetupToken(hash(9)), true)
      await found(store)
      assert.equal(await other.isSetupToken(hash(9)), false, "a new token takes the place of unused ones")
      assert.equal(await other.hasWorkspace(), true)
      await assert.rejects(other.createWorkspace(guard().audit, workspaceInput), refusedWith("invalid_setup_token"))
      await other.replaceSetupToken({ hash: workspaceInput.setupTokenHash.map(() => 7), createdAt: 1 })
      const again = { ...workspaceInput, setupTokenHash: workspaceInput.setupTokenHash.map(() => 7) }
      await assert.rejects(other.createWorkspace(guard().audit, again), refusedWith("already_exists"))
      const tries = [store, other].map((each) => each.createWorkspace(guard().audit, again))
      assert.ok((await Promise.allSettled(tries)).every(({ status }) => status === "rejected"))
      requireNoGap(await numbers(store), 1)
    },
  ],
  [
    "entries are numbered without a gap, whoever writes them, and one that came too late has no number",
    async ([store, other]) => {
      await found(store)
      const writing = Array.from({ length: 300 }, (_, index) =>
        (index % 2 === 0 ? store : other).appendAudit(guard(index % 10 === 0 ? 7 : 1, 100 + index)),
      )
      const outcomes = await Promise.allSettled(writing)
      const late = outcomes.filter((each) => each.status === "rejected")
      assert.equal(late.length, 30)
      for (const each of late) assert.equal(each.reason.name, "StaleStateError")
      requireNoGap(await numbers(store), 271)
    },
  ],
  [
    "what a change of permissions overtakes is not written, on whichever replica",
    async ([store, other]) => {
      await found(store)
      const revokedAt = 1_700_000_000_003
      const revoking = store.revokeApiKey(guard(1), { apiKeyId: workspaceInput.apiKey.id, revokedAt })
      const reading = Promise.allSettled(Array.from({ length: 200 }, () => other.appendAudit(guard(1))))
      await revoking
      await assert.rejects(other.appendAudit(guard(1)), stale)
      await assert.rejects(other.commitSecrets(guard(1), commitOf(write("A", 1))), stale)
      assert.equal((await other.apiKey(workspaceInput.apiKey.id))?.revokedAt, revokedAt)
      assert.equal(await generationOf(other), 2)
      const done = (await reading).filter(({ status }) => status === "fulfilled").length
      requireNoGap(await numbers(store), done + 2)
    },
  ],
  [
    "an operation that fails gives its number back, and leaves its neighbours alone",
    async ([store, other]) => {
      await found(store)
      const outcomes = await Promise.allSettled([
        store.commitSecrets(guard(), commitOf(write("A", 1))),
        store.commitSecrets(guard(), commitOf(write("B", 5))),
        store.commitSecrets(guard(), commitOf(write("C", 1), write("D", 9))),
        store.commitSecrets(guard(), { ...commitOf(write("E", 1)), clientId: null as never }),
        // A reference that only the end of the transaction finds to lead nowhere.
        store.commitSecrets(guard(), { ...commitOf(write("F", 1)), clientId: "nobody" as never }),
        other.commitSecrets(guard(), commitOf(write("G", 1))),
        store.appendAudit(guard()),
      ])
      assert.deepEqual(
        outcomes.map(({ status }) => status[0]),
        ["f", "r", "r", "r", "r", "f", "f"],
      )
      const names = await other.listSecrets(keysetId, { prefix: "", after: "", limit: 10, deleted: true })
      assert.deepEqual(
        names.map(({ name }) => name),
        ["A", "G"],
      )
      requireNoGap(await numbers(store), 4)
    },
  ],
  [
    "a version is written once, by whoever is first, and the same bytes again count as done",
    async ([store, other]) => {
      await found(store)
      const tries = Array.from({ length: 20 }, (_, index) => {
        const mine = write("RACE", 1, { hash: hash(100 + index), newId: `id ${index}` })
        return (index % 2 === 0 ? store : other).commitSecrets(guard(), commitOf(mine))
      })
      const outcomes = await Promise.allSettled(tries)
      const won = outcomes.flatMap((each, index) => (each.status === "fulfilled" ? [index] : []))
      assert.equal(won.length, 1)
      for (const each of outcomes) if (each.status === "rejected") refusedWith("version_conflict")(each.reason)
      const again = write("RACE", 1, { hash: hash(100 + (won[0] ?? 0)), newId: "another" })
      const [row] = await other.commitSecrets(guard(), commitOf(again))
      assert.equal(row?.version, 1)
      assert.equal(row?.id, `id ${won[0]}`)
      assert.equal((await store.versions(keysetId, "RACE")).length, 1)
      const old = commitOf(write("RACE", 2, { epoch: 0 }))
      await assert.rejects(store.commitSecrets(guard(), old), refusedWith("epoch_changed"))
      const gone = commitOf(write("NEVER", 1, { deleted: true }))
      await assert.rejects(store.commitSecrets(guard(), gone), refusedWith("secret_not_found"))
    },
  ],
  [
    "a commit of many names is seen whole or not at all",
    async ([store, other]) => {
      await found(store)
      const names = Array.from({ length: 20 }, (_, index) => `NAME_${index}`)
      let isDone = false
      const reading = (async () => {
        while (!isDone) {
          const seen = new Set((await other.currentSecrets(keysetId, names)).map((row) => row?.version ?? 0))
          assert.equal(seen.size, 1, `versions ${[...seen]} were seen together`)
          await otherWork()
        }
      })()
      for (let version = 1; version <= 8; version++) {
        await store.commitSecrets(guard(), commitOf(...names.map((name) => write(name, version))))
      }
      isDone = true
      await reading
    },
  ],
]
