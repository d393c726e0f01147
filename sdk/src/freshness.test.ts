import assert from "node:assert/strict"
import { beforeEach, test } from "node:test"
import { Admin } from "./admin.ts"
import { joinStates } from "./freshness-state.ts"
import { checkNewest } from "./secret-floors.ts"

import { type Archive, type FreshnessState, Secrets, unwrap } from "./secrets.ts"
import { extendManifest } from "./testing/extended-manifest.ts"
import { type MemoryWorkspace, memoryWorkspace } from "./testing/memory-workspace.ts"
import { tampered } from "./testing/tampering.ts"

const nothingArchived: Archive = { rosters: [], manifests: [], records: [] }
let place: MemoryWorkspace
let store: ReturnType<typeof memoryStore>

beforeEach(async () => {
  place = await memoryWorkspace()
  store = memoryStore()
})

function memoryStore() {
  return {
    state: {} as FreshnessState,
    saves: 0,
    async load() {
      return structuredClone(this.state)
    },
    async save(state: FreshnessState) {
      this.saves += 1
      this.state = structuredClone(state)
    },
  }
}

/** A new run of a program on the same machine. */
async function run<T>(work: (secrets: Secrets) => Promise<T>, options = place.options): Promise<T> {
  const secrets = new Secrets({ ...options, freshness: store })
  try {
    return await work(secrets)
  } finally {
    await secrets.close()
  }
}

const stored = (name: string) => place.server.keyset("production").secrets.get(name)

test("what was seen is saved after a call, once, and only when it changed", async () => {
  await run(async (secrets) => unwrap(await secrets.setMany({ A: "1", B: "2" })))
  assert.equal(store.saves, 1)
  const { newest } = place.server.keyset("production")
  assert.equal(store.state.keysets?.[newest.keysetId]?.revision, 1)
  assert.equal(store.state.roster?.seq, 1)
  assert.deepEqual(Object.keys(store.state.secrets?.[newest.keysetId] ?? {}).sort(), ["A", "B"])
  await run(async (secrets) => unwrap(await secrets.getMany(["A", "B"])))
  assert.equal(store.saves, 1)
})

test("an older value, a second record of a version, and a forgotten secret are refused by the next run", async () => {
  await run(async (secrets) => {
    unwrap(await secrets.set("A", "1"))
    unwrap(await secrets.set("A", "2"))
  })
  const before = structuredClone(store.state)
  const secret = stored("A")
  assert.ok(secret)
  const newest = secret.versions.pop()
  const check = async (what: string) => {
    const { failure } = await run((secrets) => secrets.get("A"))
    assert.deepEqual([failure?.code, failure?.check], ["record_verification_failed", "freshness"], what)
    assert.equal(failure?.type, "DecryptionError")
    assert.deepEqual(store.state, before, "something was saved")
  }
  await check("an older value")
  // Another client, that has not seen version 2, writes it again: two records for one version.
  const other = new Secrets(place.options)
  assert.equal(unwrap(await other.set("A", "other")).version, 2)
  await other.close()
  await check("a second record")
  place.server.keyset("production").secrets.delete("A")
  await check("a forgotten secret")
  assert.ok(newest)
  place.server.keyset("production").secrets.set("A", { ...secret, versions: [...secret.versions.slice(0, 1), newest] })
  assert.equal(unwrap(await run((secrets) => secrets.get("A"))), "2")
})

test("a deletion that was seen is remembered, although the call says not found", async () => {
  await run(async (secrets) => unwrap(await secrets.set("A", "1")))
  const other = new Secrets(place.options)
  unwrap(await other.delete("A"))
  await other.close()
  assert.equal((await run((secrets) => secrets.get("A"))).failure?.code, "secret_not_found")
  stored("A")?.versions.pop()
  assert.equal((await run((secrets) => secrets.get("A"))).failure?.check, "freshness")
})

test("a secret that was seen live and is not among all is asked for by name, until its deletion was seen", async () => {
  const reads = () => place.server.requests.filter((request) => request === "POST /v1/secrets/read").length
  const all = () => run(async (secrets) => unwrap(await secrets.readAll()).map(({ name }) => name))
  await run(async (secrets) => unwrap(await secrets.setMany({ A: "1", B: "2", C: "3" })))
  const other = new Secrets(place.options)
  unwrap(await other.delete("B"))
  await other.close()
  const before = reads()
  assert.deepEqual(await all(), ["A", "C"])
  assert.equal(reads(), before + 2)
  assert.deepEqual(await all(), ["A", "C"])
  assert.equal(reads(), before + 3)
  // Written again meanwhile, or hidden.
  const writer = new Secrets(place.options)
  unwrap(await writer.set("B", "4"))
  await writer.close()
  assert.deepEqual(await all(), ["A", "B", "C"])
  place.server.keyset("production").secrets.delete("B")
  const { failure } = await run((secrets) => secrets.readAll())
  assert.deepEqual([failure?.code, failure?.check], ["record_verification_failed", "freshness"])
})

test("an older manifest is refused by the next run, and nothing is saved", async () => {
  const { keysetId } = place.server.keyset("production").newest
  await extendManifest(place, {})
  await run(async (secrets) => unwrap(await secrets.readAll()))
  assert.equal(store.state.keysets?.[keysetId]?.revision, 2)
  const before = structuredClone(store.state)
  place.server.keyset("production").manifests.pop()
  const { failure } = await run((secrets) => secrets.set("A", "1"))
  assert.deepEqual([failure?.code, failure?.check], ["keyset_verification_failed", "freshness"])
  assert.deepEqual(store.state, before)
})

test("a key set under a known name is refused when it is another one", async () => {
  await run(async (secrets) => unwrap(await secrets.readAll()))
  const { keysetId } = place.server.keyset("production").newest
  const floor = store.state.keysets?.[keysetId]
  assert.ok(floor)
  store.state = { keysets: { "11111111-1111-4111-8111-111111111111": floor } }
  const { failure } = await run((secrets) => secrets.readAll())
  assert.deepEqual([failure?.code, failure?.check], ["keyset_verification_failed", "key set"])
})

test("what was seen by name is not forgotten by id, also where the answer leaves the documents out", async () => {
  const { keysetId } = place.server.keyset("production").newest
  const secrets = new Secrets(place.options)
  unwrap(await secrets.readAll())
  await extendManifest(place, {})
  unwrap(await secrets.readAll({ environment: keysetId }))
  unwrap(await secrets.readAll())
  place.server.keyset("production").manifests.pop()
  for (const environment of ["production", keysetId]) {
    const { failure } = await secrets.readAll({ environment })
    assert.deepEqual([failure?.code, failure?.check], ["keyset_verification_failed", "freshness"])
  }
  await secrets.close()
})

test("a pinned revision is the least that is accepted, for the environment that it pins", async () => {
  const pinned = { ...place.options, minimumRevision: 2 }
  const { failure } = await run((secrets) => secrets.readAll(), pinned)
  assert.deepEqual([failure?.code, failure?.check], ["keyset_verification_failed", "freshness"])
  await extendManifest(place, {})
  unwrap(await run((secrets) => secrets.readAll(), pinned))
})

test("a pin holds for its environment by name and by id, whichever way it is pinned and asked for", async () => {
  const { keysetId } = place.server.keyset("production").newest
  for (const [pin, environment] of [
    [{ minimumRevision: 2 }, keysetId],
    [{ minimumRevision: { production: 2 } }, keysetId],
    [{ minimumRevision: { [keysetId]: 2 } }, "production"],
    [{ minimumRevision: { production: 1, [keysetId]: 2 } }, "production"],
    [{ environment: keysetId, minimumRevision: 2 }, "production"],
  ] as const) {
    const secrets = new Secrets({ ...place.options, ...pin })
    const admin = new Admin({ ...place.options, ...pin })
    for (const { failure } of [
      await secrets.readAll({ environment }),
      await secrets.set("A", "1", { environment }),
      await admin.grants.list([environment]),
    ]) {
      assert.deepEqual([failure?.code, failure?.check], ["keyset_verification_failed", "freshness"])
      assert.match(failure?.message ?? "", /revision 1 is below 2, pinned in halfkey.json/)
      assert.match(failure?.hint ?? "", /`halfkey reconcile`/)
    }
    await Promise.all([secrets.close(), admin.close()])
  }
  const other = new Secrets({ ...place.options, minimumRevision: { staging: 2 } })
  unwrap(await other.readAll())
  await other.close()
})

test("an archive gets each document and record once, when it is new, and cannot fail a call", async () => {
  const added: Archive[] = []
  const archive = { load: async () => nothingArchived, add: async (news: Archive) => void added.push(news) }
  const options = { ...place.options, archive }
  await run(async (secrets) => {
    unwrap(await secrets.setMany({ A: "1", B: "2" }))
    unwrap(await secrets.readAll())
  }, options)
  await run(async (secrets) => unwrap(await secrets.readAll()), options)
  const summary = ({ manifests, records, rosters }: Archive) => [
    rosters.length,
    manifests.length,
    ...records.map(({ deleted, name, version }) => `${name} ${version}${deleted ? " deleted" : ""}`),
  ]
  assert.deepEqual(added.map(summary), [[1, 1, "A 1", "B 1"]])
  await run(async (secrets) => unwrap(await secrets.delete("A")), options)
  assert.deepEqual(added.slice(1).map(summary), [[0, 0, "A 2 deleted"]])
  const broken = { ...archive, add: () => Promise.reject(new Error("disk full")) }
  await run(async (secrets) => unwrap(await secrets.set("A", "3")), { ...place.options, archive: broken })
  assert.equal(unwrap(await run((secrets) => secrets.get("A"))), "3")
})

test("versions from before an accepted restore no longer count", async () => {
  await run(async (secrets) => {
    for (const value of ["1", "2", "3"]) unwrap(await secrets.set("A", value))
    unwrap(await secrets.set("LOST", "1"))
  })
  stored("A")?.versions.splice(1)
  place.server.keyset("production").secrets.delete("LOST")
  assert.equal((await run((secrets) => secrets.get("A"))).failure?.check, "freshness")
  await extendManifest(place, { incarnation: 2, versionFloor: 100 })
  assert.equal(unwrap(await run((secrets) => secrets.get("A"))), "1")
  assert.equal((await run((secrets) => secrets.get("LOST"))).failure?.code, "secret_not_found")
  const low = tampered(place.server.transport, "POST /v1/secrets/prepare", ({ secrets }) => {
    secrets[0].nextVersion = 100
  })
  const { failure } = await run((secrets) => secrets.set("A", "4"), { ...place.options, transport: low })
  assert.deepEqual([failure?.code, failure?.check], ["record_verification_failed", "freshness"])
  assert.equal(unwrap(await run((secrets) => secrets.set("A", "4"))).version, 101)
})

test("a rotation may seal a version again under a newer epoch, nothing else may", () => {
  const floor = { version: 3, epoch: 2, hash: "a" }
  checkNewest("A", { version: 3, epoch: 2, hash: "a" }, floor)
  checkNewest("A", { version: 3, epoch: 3, hash: "b" }, floor)
  checkNewest("A", { version: 4, epoch: 1, hash: "c" }, floor)
  for (const served of [
    { version: 3, epoch: 2, hash: "b" },
    { version: 3, epoch: 1, hash: "a" },
    { version: 2, epoch: 9, hash: "a" },
  ]) {
    assert.throws(() => checkNewest("A", served, floor), { check: "freshness" })
  }
})

test("a damaged memory stops every call, since going on would give up its protection", async () => {
  const id = "11111111-1111-4111-8111-111111111111"
  const hash = "A".repeat(43)
  const damaged: unknown[] = [
    null,
    [],
    { roster: { seq: 0, hash } },
    { roster: { seq: 1, hash: "AA" } },
    { keysets: { production: { name: "production", incarnation: 1, revision: 1, hash } } },
    { secrets: { [id]: { A: { version: 1.5, epoch: 1, hash } } } },
    { secrets: { [id]: { "a b": { version: 1, epoch: 1, hash } } } },
  ]
  for (const state of damaged) {
    store.state = state as FreshnessState
    const requests = place.server.requests.length
    const { failure } = await run((secrets) => secrets.set("A", "1"))
    assert.equal(failure?.code, "invalid_configuration", JSON.stringify(state))
    assert.equal(place.server.requests.length, requests)
  }
  const broken = { load: () => Promise.reject(new Error("EACCES CANARY")), save: () => Promise.resolve() }
  const secrets = new Secrets({ ...place.options, freshness: broken })
  const { failure } = await secrets.get("A")
  assert.equal(failure?.code, "invalid_configuration")
  assert.doesNotMatch(JSON.stringify(failure), /CANARY/)
  await secrets.close()
})

test("saving keeps what another process saw meanwhile, and each floor only goes forward", async () => {
  const { keysetId } = place.server.keyset("production").newest
  await run(async (secrets) => unwrap(await secrets.set("A", "1")))
  const hash = "A".repeat(43)
  const floors = { ...store.state.secrets?.[keysetId], B: { version: 9, epoch: 1, hash } }
  await run(async (secrets) => {
    unwrap(await secrets.get("A"))
    store.state = { ...store.state, secrets: { [keysetId]: floors } }
    unwrap(await secrets.set("A", "2"))
  })
  assert.equal(store.state.secrets?.[keysetId]?.["B"]?.version, 9)
  assert.equal(store.state.secrets?.[keysetId]?.["A"]?.version, 2)
  const high = { roster: { seq: 3, hash }, keysets: { [keysetId]: { name: "p", incarnation: 1, revision: 5, hash } } }
  const low = { roster: { seq: 2, hash }, keysets: { [keysetId]: { name: "p", incarnation: 1, revision: 4, hash } } }
  assert.deepEqual(joinStates(low, high), joinStates(high, low))
  assert.equal(joinStates(low, high).roster?.seq, 3)
})

/** Holds back the answer to the first read, and lets the test go on meanwhile. */
function slowFirstRead() {
  let release: (() => void) | undefined
  let held = false
  const transport: typeof place.server.transport = async (request) => {
    const response = await place.server.transport(request)
    if (held || !request.url.endsWith("/read")) return response
    held = true
    await new Promise<void>((resolve) => {
      release = resolve
    })
    return response
  }
  const answered = async () => {
    while (release === undefined) await new Promise((resolve) => setImmediate(resolve))
    return release
  }
  return { transport, answered }
}

test("answers that overtake each other are no step back", async () => {
  const { answered, transport } = slowFirstRead()
  const secrets = new Secrets({ ...place.options, transport })
  unwrap(await secrets.set("A", "1"))
  const slow = secrets.get("A")
  const release = await answered()
  await extendManifest(place, {})
  unwrap(await secrets.set("A", "2"))
  release()
  assert.equal(unwrap(await slow), "1")
  assert.equal(unwrap(await secrets.get("A")), "2")
  await secrets.close()
})

test("two records for one version are noticed also between two calls that run together", async () => {
  const { answered, transport } = slowFirstRead()
  const writer = new Secrets(place.options)
  unwrap(await writer.set("A", "one"))
  const reader = new Secrets({ ...place.options, transport })
  const slow = reader.get("A")
  const release = await answered()
  stored("A")?.versions.pop()
  const other = new Secrets(place.options)
  unwrap(await other.set("A", "two"))
  assert.equal(unwrap(await reader.get("A")), "two")
  release()
  const { failure } = await slow
  assert.deepEqual([failure?.code, failure?.check], ["record_verification_failed", "freshness"])
  for (const each of [writer, reader, other]) await each.close()
})

/** Signs the next manifest of production as the first admin, as a later command would. */
