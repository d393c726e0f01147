import assert from "node:assert/strict"
import { after, before, test } from "node:test"
import { type Result, Secrets, SecretsError, type SetManyOptions, unwrap } from "./secrets.ts"
import { type MemoryWorkspace, memoryWorkspace } from "./testing/memory-workspace.ts"

let place: MemoryWorkspace
let secrets: Secrets

before(async () => {
  place = await memoryWorkspace(["production", "staging"])
  secrets = new Secrets(place.options)
})
after(() => secrets.close())

async function codeOf(call: Promise<Result<unknown>>): Promise<string | undefined> {
  return (await call).failure?.code
}

test("a value comes back as it was written, text and bytes, empty ones too", async () => {
  const texts = [
    "",
    "postgres://u:p@h/db",
    "line 1\nline 2\n",
    "🔑 \u{1f469}\u200d\u{1f4bb}",
    "$HOME 'x' \"y\"",
    "\ufeffbom",
  ]
  for (const [index, value] of texts.entries()) {
    const name = `TEXT_${index}`
    assert.equal(unwrap(await secrets.set(name, value)).version, 1)
    assert.equal(unwrap(await secrets.get(name)), value)
  }
  const bytes = new Uint8Array(65_536).map((_, index) => index * 7)
  unwrap(await secrets.set("BYTES", bytes))
  assert.deepEqual(unwrap(await secrets.getBytes("BYTES")), bytes)
})

test("bytes that are no text are refused as text, and the failure says what to call", async () => {
  unwrap(await secrets.set("RAW", new Uint8Array([0xff, 0xfe])))
  const { failure } = await secrets.get("RAW")
  assert.equal(failure?.code, "lossy_format")
  assert.equal(failure?.type, "ClientError")
  assert.match(failure?.hint ?? "", /getBytes\("RAW"\)/)
  assert.equal(await codeOf(secrets.getMany(["RAW"])), "lossy_format")
})

test("metadata tells id, name, environment, version and times", async () => {
  const first = unwrap(await secrets.set("META", "1"))
  const second = unwrap(await secrets.set("META", "2"))
  assert.deepEqual(Object.keys(second).sort(), ["createdAt", "environment", "id", "name", "updatedAt", "version"])
  assert.equal(second.id, first.id)
  assert.equal(second.environment, "production")
  assert.deepEqual([first.version, second.version], [1, 2])
})

test("a write that is bound to a version is refused when the version is another", async () => {
  assert.equal(unwrap(await secrets.set("BOUND", "a", { ifVersion: 0 })).version, 1)
  const { failure } = await secrets.set("BOUND", "b", { ifVersion: 0 })
  assert.equal(failure?.code, "version_conflict")
  assert.equal(failure?.facts?.["currentVersion"], 1)
  assert.equal(unwrap(await secrets.set("BOUND", "c", { ifVersion: 1 })).version, 2)
  assert.equal(await codeOf(secrets.delete("BOUND", { ifVersion: 1 })), "version_conflict")
  assert.equal(unwrap(await secrets.get("BOUND")), "c")
})

test("setMany writes all or nothing and answers in order", async () => {
  const written = unwrap(
    await secrets.setMany(
      new Map([
        ["M/b", "2"],
        ["M/a", "1"],
      ]),
    ),
  )
  assert.deepEqual(
    written.map(({ name }) => name),
    ["M/b", "M/a"],
  )
  const entries = { "M/a": "changed", "M/c": "new" }
  assert.equal(await codeOf(secrets.setMany(entries, { ifVersions: { "M/a": 7 } })), "version_conflict")
  assert.deepEqual(unwrap(await secrets.getMany(["M/a", "M/b"])), { "M/a": "1", "M/b": "2" })
  assert.equal(await codeOf(secrets.get("M/c")), "secret_not_found")
  assert.deepEqual(unwrap(await secrets.setMany({})), [])
  const tooMany = Object.fromEntries(Array.from({ length: 501 }, (_, index) => [`N_${index}`, ""]))
  assert.equal(await codeOf(secrets.setMany(tooMany)), "invalid_argument")
})

test("setMany deletes in the same write, or does nothing at all", async () => {
  unwrap(await secrets.setMany({ "D/a": "1", "D/b": "2" }))
  const both = (options: SetManyOptions) => secrets.setMany({ "D/a": "changed", "D/new": "3" }, options)
  assert.equal(await codeOf(both({ delete: ["D/b"], ifVersions: { "D/b": 7 } })), "version_conflict")
  assert.equal(await codeOf(both({ delete: ["D/never"] })), "secret_not_found")
  assert.equal(await codeOf(both({ delete: ["D/a"] })), "invalid_argument")
  assert.deepEqual(unwrap(await secrets.getMany(["D/a", "D/b"])), { "D/a": "1", "D/b": "2" })
  assert.equal(await codeOf(secrets.get("D/new")), "secret_not_found")
  const written = unwrap(await both({ delete: ["D/b"], ifVersions: { "D/a": 1, "D/b": 1, "D/new": 0 } }))
  assert.deepEqual(
    written.map(({ name, version }) => [name, version]),
    [
      ["D/a", 2],
      ["D/new", 1],
      ["D/b", 2],
    ],
  )
  assert.equal(await codeOf(secrets.get("D/b")), "secret_not_found")
  assert.deepEqual(unwrap(await secrets.getMany(["D/a", "D/new"])), { "D/a": "changed", "D/new": "3" })
})

test("getMany takes any number of names, and names all that are missing", async () => {
  const entries = Array.from({ length: 700 }, (_, index) => [`many/${index}`, `value ${index}`] as const)
  unwrap(await secrets.setMany(new Map(entries.slice(0, 400))))
  unwrap(await secrets.setMany(new Map(entries.slice(400))))
  const requests = place.server.requests.length
  const values = unwrap(await secrets.getMany([...entries.map(([name]) => name), "many/0"]))
  assert.deepEqual(values, Object.fromEntries(entries))
  assert.equal(place.server.requests.length - requests, 2)
  const { failure } = await secrets.getMany(["many/1", "absent/1", "absent/2"])
  assert.equal(failure?.code, "secret_not_found")
  assert.deepEqual(failure?.facts?.["missing"], ["absent/1", "absent/2"])
  assert.deepEqual(unwrap(await secrets.getMany([])), {})
})

test("a secret may have the name of a property that every object has", async () => {
  unwrap(
    await secrets.setMany(
      new Map([
        ["__proto__", "p"],
        ["constructor", "c"],
      ]),
    ),
  )
  const values = unwrap(await secrets.getMany(["__proto__", "constructor"]))
  assert.deepEqual(Object.entries(values), [
    ["__proto__", "p"],
    ["constructor", "c"],
  ])
  assert.equal(Object.getPrototypeOf(values), Object.prototype)
})

test("a deletion hides the value, keeps the history, and is not repeated", async () => {
  unwrap(await secrets.set("GONE", "v1"))
  assert.equal(unwrap(await secrets.delete("GONE")).version, 2)
  assert.equal(await codeOf(secrets.get("GONE")), "secret_not_found")
  assert.equal(await codeOf(secrets.delete("GONE")), "secret_not_found")
  assert.equal(await codeOf(secrets.delete("NEVER")), "secret_not_found")
  const kept = unwrap(await secrets.getVersion("GONE", 1))
  assert.equal(new TextDecoder().decode(kept.value), "v1")
  assert.equal(await codeOf(secrets.getVersion("GONE", 2)), "secret_not_found")
  assert.equal(await codeOf(secrets.getVersion("GONE", 3)), "secret_not_found")
  assert.deepEqual(
    unwrap(await secrets.history("GONE")).map(({ deleted, version }) => [version, deleted]),
    [
      [2, true],
      [1, false],
    ],
  )
  assert.equal(unwrap(await secrets.set("GONE", "back", { ifVersion: 0 })).version, 3)
})

test("environments are apart, and a call may name another one", async () => {
  unwrap(await secrets.set("WHERE", "production"))
  unwrap(await secrets.set("WHERE", "staging", { environment: "staging" }))
  assert.equal(unwrap(await secrets.get("WHERE")), "production")
  assert.equal(unwrap(await secrets.get("WHERE", { environment: "staging" })), "staging")
  const id = place.server.keyset("staging").newest.keysetId
  const [found] = unwrap(await secrets.readMany(["WHERE"], { environment: id }))
  assert.equal(found?.environment, "staging")
  assert.equal(await codeOf(secrets.get("WHERE", { environment: "development" })), "keyset_not_found")
  assert.equal(await codeOf(secrets.get("WHERE", { environment: "No Such" })), "invalid_argument")
})

test("readAll and list give every live secret in order, list by prefix too", async () => {
  const options = { environment: "staging" }
  unwrap(await secrets.setMany({ z: "1", a: "2", "p/x": "3", "p/y": "4" }, options))
  unwrap(await secrets.delete("z", options))
  const names = unwrap(await secrets.readAll(options)).map(({ name }) => name)
  assert.deepEqual(names, ["WHERE", "a", "p/x", "p/y"])
  assert.deepEqual(
    unwrap(await secrets.list(options)).map(({ name }) => name),
    names,
  )
  assert.deepEqual(
    unwrap(await secrets.list({ ...options, prefix: "p/" })).map(({ name }) => name),
    ["p/x", "p/y"],
  )
})

test("what cannot be a name or a value is refused before any request", async () => {
  const requests = place.server.requests.length
  for (const name of ["", "1A", "a b", "ä", "a".repeat(256), "a\n"]) {
    assert.equal(await codeOf(secrets.set(name, "x")), "invalid_secret_name")
    assert.equal(await codeOf(secrets.get(name)), "invalid_secret_name")
  }
  assert.equal(await codeOf(secrets.set("HALF", "\ud800")), "invalid_argument")
  assert.equal(await codeOf(secrets.set("BIG", new Uint8Array(1024 * 1024 + 1))), "value_too_large")
  assert.equal(await codeOf(secrets.getVersion("A", 0)), "invalid_argument")
  assert.equal(await codeOf(secrets.set("A", "x", { ifVersion: -1 })), "invalid_argument")
  assert.equal(await codeOf(secrets.set("A", "x", { timeoutMs: 0 })), "invalid_argument")
  assert.equal(place.server.requests.length, requests)
})

test("a value above the server's limit is refused before it is sent", async () => {
  const large = new Uint8Array(64 * 1024 + 1)
  const { failure } = await secrets.set("LARGE", large)
  assert.equal(failure?.code, "value_too_large")
  assert.equal(failure?.facts?.["limit"], 64 * 1024)
  const generous = await memoryWorkspace()
  generous.server.valueMaxLength = 1024 * 1024
  const others = new Secrets(generous.options)
  unwrap(await others.set("LARGE", large))
  assert.deepEqual(unwrap(await others.getBytes("LARGE")), large)
  await others.close()
})

test("parameters of a wrong type reject with a TypeError that shows no value", async () => {
  const wrong = { toString: () => "CANARY" }
  await assert.rejects(
    secrets.set("A", wrong as never),
    (error: Error) => error instanceof TypeError && !/CANARY/.test(error.message),
  )
  await assert.rejects(secrets.set(7 as never, "x"), TypeError)
  await assert.rejects(secrets.getMany("A" as never), TypeError)
  assert.throws(() => new Secrets({ clientKey: 7 as never }), TypeError)
})

test("bytes that the caller changes after the call are written as they were", async () => {
  const bytes = new Uint8Array([1, 2, 3])
  const writing = secrets.set("MINE", bytes)
  bytes.fill(9)
  unwrap(await writing)
  assert.deepEqual(unwrap(await secrets.getBytes("MINE")), new Uint8Array([1, 2, 3]))
  assert.deepEqual(bytes, new Uint8Array([9, 9, 9]))
})

test("unwrap throws a failure as an error with the same fields", async () => {
  const { failure } = await secrets.get("ABSENT")
  assert.throws(
    () => unwrap({ failure: failure as never }),
    (error: unknown) => {
      assert.ok(error instanceof SecretsError)
      const { code, facts, hint, message, retryable, type } = error
      assert.deepEqual({ code, facts, hint, message, retryable, type }, failure)
      return true
    },
  )
})

test("closing waits for calls under way and refuses later ones", async () => {
  const closing = new Secrets(place.options)
  const writing = closing.set("LAST", "word")
  await closing.close()
  unwrap(await writing)
  assert.equal(await codeOf(closing.get("LAST")), "invalid_argument")
  assert.equal(unwrap(await secrets.get("LAST")), "word")
})
