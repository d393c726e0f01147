/** Earlier versions: rollback, and what changed since a time. */
import assert from "node:assert/strict"
import { beforeEach, test } from "node:test"
import { Secrets, type SecretsOptions, unwrap } from "./secrets.ts"
import { type MemoryWorkspace, memoryWorkspace } from "./testing/memory-workspace.ts"
import { tampered } from "./testing/tampering.ts"

let place: MemoryWorkspace
let secrets: Secrets

beforeEach(async () => {
  place = await memoryWorkspace()
  secrets = new Secrets(place.options)
})

const client = (more: Partial<SecretsOptions>) => new Secrets({ ...place.options, ...more })
const text = (value: Uint8Array | undefined) => value && new TextDecoder().decode(value)
const time = (minute: number) => `2027-01-31T12:${String(minute).padStart(2, "0")}:00.000Z`

/** Writes each value as a further version, `null` as a deletion; the first at 12:00, each a minute later. */
async function versions(name: string, values: readonly (string | null)[], first = 0): Promise<void> {
  for (const value of values) unwrap(await (value === null ? secrets.delete(name) : secrets.set(name, value)))
  for (const [index, version] of (place.server.keyset("production").secrets.get(name)?.versions ?? []).entries()) {
    Object.assign(version, { at: time(first + index) })
  }
}

test("rollback writes the value before the newest one, or that of a version, as a new version", async () => {
  await versions("A", ["one", "two", "three"])
  assert.equal(unwrap(await secrets.rollback("A")).version, 4)
  assert.equal(unwrap(await secrets.get("A")), "two")
  assert.equal(unwrap(await secrets.rollback("A", { to: 1 })).version, 5)
  assert.equal(unwrap(await secrets.get("A")), "one")
})

test("rollback brings a deleted secret back, and goes past deletions", async () => {
  await versions("A", ["one", null])
  assert.equal(unwrap(await secrets.rollback("A")).version, 3)
  assert.equal(unwrap(await secrets.get("A")), "one")
  await versions("B", ["one", null, "three"])
  unwrap(await secrets.rollback("B"))
  assert.equal(unwrap(await secrets.get("B")), "one")
})

test("bytes come back as they are", async () => {
  const bytes = new Uint8Array([0, 255, 128])
  unwrap(await secrets.setMany({ A: bytes }))
  unwrap(await secrets.set("A", ""))
  unwrap(await secrets.rollback("A"))
  assert.deepEqual(unwrap(await secrets.getBytes("A")), bytes)
})

test("rollback refuses what is no earlier value, and writes nothing", async () => {
  await versions("A", ["one"])
  await versions("B", ["one", null, "three"])
  place.server.requests.length = 0
  for (const [name, to, code, message] of [
    ["A", undefined, "secret_not_found", "A has no earlier value in production"],
    ["A", 1, "invalid_argument", "A is at version 1 in production already"],
    ["A", 7, "secret_not_found", "there is no value in version 7 of A in production"],
    ["B", 2, "secret_not_found", "there is no value in version 2 of B in production"],
  ] as const) {
    const { failure } = await secrets.rollback(name, { to })
    assert.deepEqual([failure?.code, failure?.message], [code, message])
  }
  assert.equal((await secrets.rollback("NONE")).failure?.code, "secret_not_found")
  assert.equal((await secrets.rollback("A", { to: 0 })).failure?.code, "invalid_argument")
  assert.ok(!place.server.requests.includes("POST /v1/secrets/commit"))
})

test("a value that is written between reading and writing is not rolled back over", async () => {
  await versions("A", ["one", "two"])
  const other = client({})
  const transport: SecretsOptions["transport"] = async (request) => {
    if (request.url.endsWith("/prepare")) unwrap(await other.set("A", "theirs"))
    return await place.server.transport(request)
  }
  const { failure } = await client({ transport }).rollback("A")
  assert.equal(failure?.code, "version_conflict")
  assert.equal(unwrap(await secrets.get("A")), "theirs")
})

test("a server that serves another version's record under the number asked for is found out", async () => {
  await versions("A", ["one", "two", "three"])
  const records = place.server.keyset("production").secrets.get("A")?.versions ?? []
  const lying = tampered(place.server.transport, "POST /v1/secrets/read", (json) => {
    json.records[0].record = records[1]?.record
  })
  assert.equal((await client({ transport: lying }).rollback("A", { to: 1 })).failure?.type, "DecryptionError")
  assert.equal(unwrap(await secrets.get("A")), "three")
})

test("changesSince tells what is now and what was before, of everything that was written since", async () => {
  await versions("KEPT", ["k"])
  await versions("CHANGED", ["c1", "c2", "c3"])
  await versions("NEW", ["n"], 5)
  await versions("GONE", ["g", null], 1)
  await versions("BACK", ["b", null, "b2"], 0)
  const at = async (minute: number, names?: string[]) =>
    unwrap(await secrets.changesSince(time(minute), { names })).map(({ before, name, now }) => [
      name,
      now.version,
      text(now.value),
      before?.version,
      text(before?.value),
    ])
  assert.deepEqual(await at(1), [
    ["BACK", 3, "b2", 2, undefined],
    ["CHANGED", 3, "c3", 2, "c2"],
    ["GONE", 2, undefined, 1, "g"],
    ["NEW", 1, "n", undefined, undefined],
  ])
  assert.deepEqual(await at(1, ["NEW", "KEPT"]), [["NEW", 1, "n", undefined, undefined]])
  assert.deepEqual(await at(5), [])
  const [first] = unwrap(await secrets.changesSince(new Date(time(4))))
  assert.deepEqual(first?.now, { version: 1, writtenAt: time(5), value: new TextEncoder().encode("n") })
  const unknown = await secrets.changesSince(time(1), { names: ["KEPT", "NEVER", "NONE"] })
  assert.deepEqual(unknown.failure?.facts?.["missing"], ["NEVER", "NONE"])
})

test("times are moments, or refused", async () => {
  for (const bad of ["yesterday", "2027-01-31T12:00:00", "31.1.2027", ""]) {
    assert.equal((await secrets.changesSince(bad)).failure?.code, "invalid_argument")
  }
  assert.deepEqual(unwrap(await secrets.changesSince("2027-01-31T12:00:00+02:00")), [])
  await assert.rejects(secrets.changesSince(5 as never), TypeError)
})

test("a list that hides what was seen here does not hide its change", async () => {
  await versions("A", ["a"], 0)
  await versions("B", ["b1", "b2"], 0)
  const hiding = client({
    transport: tampered(place.server.transport, "GET /v1/secrets", (json) => {
      if (json.secrets !== undefined) json.secrets = []
    }),
  })
  unwrap(await hiding.get("B"))
  const changes = unwrap(await hiding.changesSince(time(0)))
  assert.deepEqual(
    changes.map(({ name }) => name),
    ["B"],
  )
  const gone = client({
    transport: tampered(place.server.transport, "POST /v1/secrets/read", (json, { body }) => {
      if (body?.includes("secrets") !== true || !json.records.some(({ version }: { version: number }) => version === 2))
        return
      if (place.server.requests.filter((each) => each === "GET /v1/secrets").length < 2) return
      json.missing = json.records.map(({ name }: { name: string }) => ({ name }))
      json.records = []
    }),
  })
  unwrap(await gone.get("B"))
  assert.equal((await gone.changesSince(time(0))).failure?.code, "record_verification_failed")
})
