/** When the sweep looks, and what it does when something is in its way. Time is the test's own. */
import assert from "node:assert/strict"
import { mock, type TestContext, test } from "node:test"
import { HalfkeyError } from "@halfkey/core/formats/errors"
import type { KeysetId, WorkspaceId } from "@halfkey/core/formats/ids"
import { systemRandom } from "@halfkey/core/primitives/random"
import { StaleStateError, type Store } from "../../domain/store.ts"
import { AuditEntries } from "../audit/entries.ts"
import { Purges } from "./purges.ts"

const minute = 60 * 1000
const workspaceId = "A".repeat(26) as WorkspaceId

interface Stored {
  readonly id: KeysetId
  readonly undoUntil: number
  purgedAt: number | null
}

/** A store that holds no more than what a sweep looks at. */
class Scene {
  now = 1_000_000
  readonly keysets: Stored[] = []
  readonly logged: string[] = []
  readonly forgotten: string[] = []
  /** What purging throws, in order; then it works. */
  readonly failures: Error[] = []
  looks = 0
  readonly purges: Purges

  constructor() {
    const store: Pick<Store, "unpurgedKeysets" | "workspace" | "keysetById" | "purgeKeyset"> = {
      unpurgedKeysets: async () => {
        this.looks++
        return this.keysets
          .filter(({ purgedAt }) => purgedAt === null)
          .map(({ id, undoUntil }) => ({ id, undoUntil, workspaceId, name: "x" }))
      },
      workspace: async () => ({ generation: 1 }) as never,
      keysetById: async (_, id) => ({ ...this.keysets.find((each) => each.id === id), revision: 2 }) as never,
      purgeKeyset: async (_, { keysetId, purgedAt }) => {
        const failure = this.failures.shift()
        if (failure !== undefined) throw failure
        for (const each of this.keysets) if (each.id === keysetId) each.purgedAt = purgedAt
      },
    }
    const say = (level: string) => (facts: object, message: string) =>
      void this.logged.push(`${level} ${JSON.stringify(facts)} ${message}`)
    this.purges = new Purges({
      store: store as Store,
      entries: new AuditEntries(() => this.now, systemRandom),
      now: () => this.now,
      random: systemRandom,
      onPurged: (id) => void this.forgotten.push(id),
      log: { info: say("info"), error: say("error") },
    })
  }

  add(id: string, inMs: number): Stored {
    const keyset = { id: id as KeysetId, undoUntil: this.now + inMs, purgedAt: null }
    this.keysets.push(keyset)
    this.keysets.sort((left, right) => left.undoUntil - right.undoUntil)
    return keyset
  }

  async pass(ms: number): Promise<void> {
    this.now += ms
    mock.timers.tick(ms)
    await settled()
  }
}

/** Everything that was begun has come to its next timer. */
async function settled(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await new Promise<void>((resolve) => setImmediate(resolve))
}

function scene(context: TestContext): Scene {
  mock.timers.enable({ apis: ["setTimeout"] })
  const made = new Scene()
  context.after(async () => {
    await made.purges.stop()
    mock.timers.reset()
  })
  return made
}

test("purges what is due, waits for what is not, and looks each hour in any case", async (context) => {
  const at = scene(context)
  const [due, soon, later] = [at.add("due", 0), at.add("soon", 5 * minute), at.add("later", 300 * minute)]
  at.purges.look()
  await settled()
  assert.deepEqual([due.purgedAt, soon.purgedAt], [at.now, null])
  assert.deepEqual(at.forgotten, [workspaceId])
  await at.pass(5 * minute - 1)
  assert.equal(soon.purgedAt, null)
  await at.pass(1)
  assert.equal(soon.purgedAt, at.now)
  const looks = at.looks
  await at.pass(59 * minute)
  assert.equal(at.looks, looks)
  await at.pass(minute)
  assert.equal(at.looks, looks + 1)
  assert.equal(later.purgedAt, null)
})

test("destroying one makes it look at once", async (context) => {
  const at = scene(context)
  at.purges.look()
  await settled()
  const next = at.add("next", minute)
  at.purges.look()
  await settled()
  await at.pass(minute)
  assert.equal(next.purgedAt, at.now)
})

test("decides again when the workspace changed meanwhile", async (context) => {
  const at = scene(context)
  const due = at.add("due", 0)
  at.failures.push(new StaleStateError(), new StaleStateError())
  at.purges.look()
  await settled()
  assert.equal(due.purgedAt, at.now)
})

test("a full disk is told without a name, and tried again in a minute", async (context) => {
  const at = scene(context)
  const due = at.add("due", 0)
  at.failures.push(new HalfkeyError("storage_full", "no room"))
  at.purges.look()
  await settled()
  assert.equal(due.purgedAt, null)
  assert.deepEqual(at.logged, ['error {"kind":"HalfkeyError"} the keys of a destroyed environment stay'])
  await at.pass(minute)
  assert.equal(due.purgedAt, at.now)
})

test("after the stop nothing is begun any more", async (context) => {
  const at = scene(context)
  at.purges.look()
  await at.purges.stop()
  const due = at.add("due", 0)
  at.purges.look()
  await at.pass(120 * minute)
  assert.equal(due.purgedAt, null)
})
