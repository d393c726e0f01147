import assert from "node:assert/strict"
import { beforeEach, test } from "node:test"
import { Secrets, unwrap } from "../secrets.ts"
import { CachedMachine } from "../testing/cached-machine.ts"
import { extendManifest } from "../testing/extended-manifest.ts"
import { type MemoryWorkspace, memoryWorkspace } from "../testing/memory-workspace.ts"
import { intercepted, problem, tampered } from "../testing/tampering.ts"

const hour = 3_600_000
let place: MemoryWorkspace
let machine: CachedMachine

beforeEach(async () => {
  place = await memoryWorkspace(["production", "staging"])
  machine = new CachedMachine(place.options)
  await write({ A: "1", B: "2" })
})

/** By another client of the workspace, without a cache. */
async function write(entries: Record<string, string>, environment = "production"): Promise<void> {
  const secrets = new Secrets(place.options)
  unwrap(await secrets.setMany(entries, { environment }))
  await secrets.close()
}

const readAll = () => machine.run(async (secrets) => unwrap(await secrets.readAll()))
const get = (name: string, cache = {}) => machine.run((secrets) => secrets.get(name), cache)
const codeOf = async (name: string, cache = {}) => (await get(name, cache)).failure?.code

test("what was read is served while the server is away, and without a cache it is not", async () => {
  await readAll()
  machine.online = false
  machine.time += 10 * 60_000
  assert.equal(unwrap(await get("A")), "1")
  assert.deepEqual(
    machine.uses.map(({ ageSeconds, environment, failure }) => [environment, ageSeconds, failure?.code]),
    [["production", 600, "server_unreachable"]],
  )
  const all = await readAll()
  assert.deepEqual(
    all.map(({ name }) => name),
    ["A", "B"],
  )
  const listed = await machine.run(async (secrets) => unwrap(await secrets.list({ prefix: "B" })))
  assert.deepEqual(
    listed.map(({ name, version, environment }) => [name, version, environment]),
    [["B", 1, "production"]],
  )
  assert.deepEqual(Object.keys(unwrap(await machine.run((secrets) => secrets.getMany(["B", "A"])))), ["B", "A"])
  const plain = new Secrets({ ...machine.options(), cache: undefined })
  assert.equal((await plain.get("A")).failure?.code, "server_unreachable")
  await plain.close()
})

test("with only the cache nothing is asked, neither for reads nor for anything else", async () => {
  await readAll()
  const { requests } = machine
  assert.equal(unwrap(await get("A", { only: true })), "1")
  assert.equal(machine.uses[0]?.failure, undefined)
  const { failure } = await machine.run((secrets) => secrets.set("A", "3"), { only: true })
  assert.equal(failure?.code, "not_cached")
  assert.equal(machine.requests, requests)
})

test("the server comes first: what is cached hides nothing that is newer", async () => {
  await readAll()
  await write({ A: "3" })
  assert.equal(unwrap(await get("A")), "3")
  assert.deepEqual(machine.uses, [])
  machine.online = false
  assert.equal(unwrap(await get("A")), "3")
  assert.equal(unwrap(await machine.run((secrets) => secrets.getVersion("A", 2))).version, 2)
  // The earlier version is not what was kept.
  assert.match((await machine.run((secrets) => secrets.getVersion("A", 1))).failure?.message ?? "", /version 1 of A/)
  const all = await readAll()
  assert.deepEqual(
    all.map(({ name, version }) => [name, version]),
    [
      ["A", 2],
      ["B", 1],
    ],
  )
})

test("what is too old is not served, by the reader's measure or by the writer's", async () => {
  await machine.run(async (secrets) => unwrap(await secrets.readAll()), { keepFor: 7200 })
  machine.online = false
  machine.time += hour + 1000
  const refused = await get("A")
  assert.equal(refused.failure?.code, "server_unreachable")
  assert.match(refused.failure?.message ?? "", /cached of A in production is 60 min old, at most 60 min is allowed/)
  assert.equal(await codeOf("A", { only: true }), "cache_stale")
  assert.equal(unwrap(await get("A", { maxStale: 7200 })), "1")
  machine.time += hour
  assert.equal(await codeOf("A", { maxStale: 86_400, only: true }), "cache_stale")
  machine.online = true
  assert.equal(unwrap(await get("A")), "1")
})

test("a clock that is set back makes nothing fresh again, and a server sets it right", async () => {
  await readAll()
  machine.online = false
  machine.time += hour - 5000
  assert.equal(unwrap(await get("A")), "1")
  machine.time -= hour / 2
  // As old as at the last look, whatever the clock says.
  assert.equal(unwrap(await get("A")), "1")
  assert.equal(machine.uses.at(-1)?.ageSeconds, 3595)
  assert.match(
    (await get("A", { maxStale: 3000 })).failure?.message ?? "",
    /clock is behind the time that it had before/,
  )
  machine.time -= 24 * hour
  assert.equal(await codeOf("A", { only: true, maxStale: 3000 }), "cache_stale")
  machine.online = true
  assert.equal(unwrap(await get("A")), "1")
  machine.online = false
  assert.equal(machine.uses.length, 2)
  unwrap(await get("A"))
  assert.equal(machine.uses.at(-1)?.ageSeconds, 0)
  // What the server was not asked about is as old as it was.
  unwrap(await get("B"))
  assert.equal(machine.uses.at(-1)?.ageSeconds, 3595)
})

test("a secret that is not there is told from one that was not read", async () => {
  unwrap(await get("A"))
  machine.online = false
  const unknown = await get("B")
  assert.match(unknown.failure?.message ?? "", /cannot be reached; the cache does not hold B of production/)
  assert.equal(await codeOf("B", { only: true }), "not_cached")
  const all = await machine.run((secrets) => secrets.readAll(), { only: true })
  assert.match(all.failure?.message ?? "", /does not hold all secrets of production/)
  assert.match(
    (await machine.run((secrets) => secrets.get("A", { environment: "staging" }), { only: true })).failure?.message ??
      "",
    /nothing of staging is in the cache/,
  )
  machine.online = true
  await readAll()
  machine.online = false
  assert.equal(await codeOf("C"), "secret_not_found")
  machine.online = true
  assert.equal(await codeOf("NEVER"), "secret_not_found")
})

test("deletions are remembered, by name and in the list", async () => {
  await readAll()
  const other = new Secrets(place.options)
  unwrap(await other.delete("A"))
  await other.close()
  assert.equal(await codeOf("A"), "secret_not_found")
  machine.online = false
  assert.equal(await codeOf("A"), "secret_not_found")
  assert.deepEqual(
    (await readAll()).map(({ name }) => name),
    ["B"],
  )
})

test("floors are held: what this machine has seen newer elsewhere makes the cache stale", async () => {
  await readAll()
  const plain = new Secrets({ ...machine.options(), cache: undefined })
  unwrap(await plain.set("A", "3"))
  await plain.close()
  machine.online = false
  const { failure } = await get("A", { only: true })
  assert.deepEqual([failure?.code, failure?.type], ["cache_stale", "ClientError"])
  assert.equal(await codeOf("A"), "server_unreachable")
  assert.equal(unwrap(await get("B")), "2")
  assert.equal((await machine.run((secrets) => secrets.readAll(), { only: true })).failure?.code, "cache_stale")
})

test("what was read before an accepted restore is not served after it", async () => {
  await readAll()
  await extendManifest(place, { incarnation: 2, versionFloor: 100 })
  assert.equal(unwrap(await get("A")), "1")
  machine.online = false
  assert.equal(unwrap(await get("A")), "1")
  assert.equal(await codeOf("B", { only: true }), "not_cached")
})

test("a pin above what is cached makes it stale", async () => {
  await readAll()
  const secrets = new Secrets(machine.options({ only: true }, { minimumRevision: 2 }))
  assert.equal((await secrets.get("A")).failure?.code, "cache_stale")
  await secrets.close()
})

test("an older copy of the file is refused, also after the cache was deleted", async () => {
  await readAll()
  const copy = machine.file
  machine.time += 120_000
  await readAll()
  machine.file = copy
  machine.online = false
  const { failure } = await get("A")
  assert.equal(failure?.code, "cache_damaged")
  assert.match(failure?.message ?? "", /older copy/)
  machine.online = true
  machine.problems.length = 0
  await readAll()
  assert.deepEqual(
    machine.problems.map(({ code }) => code),
    ["cache_damaged"],
  )
  machine.online = false
  assert.equal(unwrap(await get("A")), "1")
})

test("each bit of the file counts, and its place", async () => {
  await readAll()
  await machine.run(async (secrets) => unwrap(await secrets.readAll({ environment: "staging" })))
  const [[keyA = "", file = new Uint8Array(0)] = [], [keyB = ""] = []] = [...machine.files]
  const good = new Map(machine.files)
  machine.online = false
  const refused = async (what: string, environment = "production") => {
    const { failure } = await machine.run((secrets) => secrets.get("A", { environment }), { only: true })
    assert.deepEqual([failure?.code, failure?.type], ["cache_damaged", "DecryptionError"], what)
  }
  const step = Math.ceil(file.length / 40)
  for (const at of [0, 3, 4, 15, 16, file.length - 1, ...Array.from({ length: 40 }, (_, n) => n * step)]) {
    if (at >= file.length) continue
    const changed = file.slice()
    changed[at] = (changed[at] ?? 0) ^ 1
    machine.files.set(keyA, changed)
    await refused(`byte ${at}`)
    machine.files.set(keyA, file.subarray(0, at))
    await refused(`the first ${at} bytes`)
  }
  machine.files.set(keyA, good.get(keyB) ?? file)
  await refused("that of staging")
  machine.files.set(keyB, file)
  await refused("that of production", "staging")
  machine.files.set(keyA, file)
  assert.equal(unwrap(await get("A")), "1")
})

test("another client's or another server's cache is not opened", async () => {
  await readAll()
  const file = machine.file
  const other = await memoryWorkspace()
  const stranger = new CachedMachine(other.options)
  await stranger.run((secrets) => secrets.get("A"))
  stranger.file = file
  assert.equal((await stranger.run((secrets) => secrets.get("A"), { only: true })).failure?.code, "cache_damaged")
  const moved = new Secrets(machine.options({ only: true }, { endpoint: "http://127.0.0.1:2" }))
  assert.equal((await moved.get("A")).failure?.code, "not_cached")
  await moved.close()
})

test("nothing of it can be read: no value, no name, no seed, no key", async () => {
  await write({ LONG_NAME: "a canary of a value" })
  await readAll()
  const bytes = Buffer.from(machine.file)
  for (const text of ["canary", "LONG_NAME", "keySeed", "record", "production", place.options.clientId ?? ""]) {
    assert.ok(!bytes.includes(text), text)
  }
  assert.ok(!JSON.stringify(machine.state).includes("canary"))
})

for (const [code, status] of [
  ["client_revoked", 401],
  ["api_key_revoked", 401],
  ["invalid_client", 401],
] as const) {
  test(`${code}: everything of the client is deleted`, async () => {
    await readAll()
    await machine.run(async (secrets) => unwrap(await secrets.readAll({ environment: "staging" })))
    const copies = new Map(machine.files)
    const refusing = intercepted(place.options.transport ?? assert.fail(), "POST /v1/secrets/read", async () =>
      problem(status, code),
    )
    const out = new CachedMachine({ ...place.options, transport: refusing })
    out.state = machine.state
    for (const [key, file] of machine.files) out.files.set(key, file)
    assert.equal((await out.run((secrets) => secrets.get("A"))).failure?.code, code)
    assert.equal(out.files.size, 0)
    out.online = false
    assert.equal((await out.run((secrets) => secrets.get("A"))).failure?.code, "server_unreachable")
    for (const [key, file] of copies) out.files.set(key, file)
    assert.equal((await out.run((secrets) => secrets.get("A"))).failure?.code, "cache_damaged")
  })
}

for (const [code, status] of [
  ["keyset_not_found", 404],
  ["keyset_disabled", 403],
  ["mode_not_allowed", 403],
] as const) {
  test(`${code}: what was cached of that environment is deleted, of others not`, async () => {
    const { keysetId } = place.server.keyset("production").newest
    await readAll()
    await machine.run(async (secrets) => unwrap(await secrets.readAll({ environment: keysetId })))
    await machine.run(async (secrets) => unwrap(await secrets.readAll({ environment: "staging" })))
    assert.equal(machine.files.size, 3)
    const refusing = intercepted(place.options.transport ?? assert.fail(), "POST /v1/secrets/prepare", async () =>
      problem(status, code),
    )
    const out = new CachedMachine({ ...place.options, transport: refusing })
    out.state = machine.state
    for (const [key, file] of machine.files) out.files.set(key, file)
    // A write is refused as well as a read.
    assert.equal((await out.run((secrets) => secrets.set("A", "4"))).failure?.code, code)
    assert.deepEqual(
      [...out.files.keys()].map((key) => key.split("_")[2]),
      ["staging"],
    )
  })
}

test("a proxy's 503 is an outage, a 429 and a malformed answer are none", async () => {
  await readAll()
  const answering = (status: number, code: string) =>
    intercepted(place.options.transport ?? assert.fail(), "POST /v1/secrets/read", async () => problem(status, code))
  for (const [status, code, served] of [
    [503, "unavailable", true],
    [429, "rate_limited", false],
    [500, "internal_error", false],
  ] as const) {
    const other = new CachedMachine({ ...place.options, transport: answering(status, code) })
    other.state = machine.state
    for (const [key, file] of machine.files) other.files.set(key, file)
    const { data, failure } = await other.run((secrets) => secrets.get("A"))
    assert.deepEqual([data, failure?.code], served ? ["1", undefined] : [undefined, code])
  }
})

test("what a server lies about fails as ever, and nothing of it is kept", async () => {
  await readAll()
  const before = machine.file
  for (const lie of [
    (json: { records: { record: string }[] }) => {
      const [first] = json.records
      if (first !== undefined) first.record = `${first.record.slice(0, -4)}AAAA`
    },
    (json: { keyset: { manifests: { name: string }[] } }) => {
      const [first] = json.keyset.manifests
      if (first !== undefined) first.name = "staging"
    },
    (json: { records?: unknown }) => {
      json.records = undefined
    },
  ]) {
    const lying = new CachedMachine({
      ...place.options,
      transport: tampered(place.options.transport ?? assert.fail(), "POST /v1/secrets/read", lie),
    })
    lying.state = machine.state
    lying.time = machine.time + 120_000
    for (const [key, file] of machine.files) lying.files.set(key, file)
    const { failure } = await lying.run((secrets) => secrets.get("A"))
    assert.match(failure?.code ?? "", /^(?:record|keyset)_verification_failed$|^invalid_response$/)
    assert.deepEqual(lying.file, before)
    assert.deepEqual(lying.uses, [])
  }
})

test("a place that cannot be written to fails no read, and is told without its own words", async () => {
  await readAll()
  machine.readOnly = true
  machine.time += 120_000
  const secrets = new Secrets(machine.options())
  assert.equal(unwrap(await secrets.get("A")), "1")
  assert.equal(unwrap(await secrets.get("A")), "1")
  machine.online = false
  assert.equal(unwrap(await secrets.get("A")), "1")
  await secrets.close()
  assert.ok(machine.problems.length >= 2)
  assert.doesNotMatch(JSON.stringify(machine.problems), /CANARY/)
})

test("a busy program does not write for every read", async () => {
  let writes = 0
  const { update } = machine
  machine.update = async (key, change) => {
    writes += 1
    await update.call(machine, key, change)
  }
  await machine.run(async (secrets) => {
    for (let count = 0; count < 20; count++) unwrap(await secrets.get("A"))
    assert.equal(writes, 1)
    machine.time += 61_000
    unwrap(await secrets.get("A"))
    assert.equal(writes, 2)
    unwrap(await secrets.get("B"))
    assert.equal(writes, 3)
  })
})

test("load and the beginning of a watch are served; what a watch asks later is not", async () => {
  await readAll()
  machine.online = false
  const failures: string[] = []
  const secrets = new Secrets(machine.options())
  const told = new Promise<void>((resolve) => {
    const onFailure = ({ code }: { code: string }) => {
      failures.push(code)
      resolve()
    }
    secrets
      .watch(["A"], () => assert.fail("nothing changed"), { intervalMs: 100, onFailure })
      .then((watch) => assert.equal(unwrap(watch).secrets.length, 1))
  })
  await told
  assert.equal(failures[0], "server_unreachable")
  await secrets.close()
})

test("options of a wrong type are bugs, numbers out of range are failures", async () => {
  for (const cache of [7, null, { maxStale: "1h" }, { maxStale: 1, store: {} }, { maxStale: 1, onUse: 1 }]) {
    assert.throws(() => new Secrets({ ...place.options, cache: cache as never }), TypeError, JSON.stringify(cache))
  }
  for (const maxStale of [0, -1, Number.NaN, 31 * 86_400]) {
    const secrets = new Secrets({ ...place.options, cache: { maxStale } })
    assert.equal((await secrets.get("A")).failure?.code, "invalid_argument")
  }
  // In memory, where no place was given.
  const secrets = new Secrets({ ...machine.options(), cache: { maxStale: 60 } })
  unwrap(await secrets.get("A"))
  machine.online = false
  assert.equal(unwrap(await secrets.get("A")), "1")
  await secrets.close()
})
