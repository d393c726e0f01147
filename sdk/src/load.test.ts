import assert from "node:assert/strict"
import { after, before, test } from "node:test"
import type { LoadIssue } from "./load.ts"
import { type Result, Secrets, type StandardSchema, unwrap } from "./secrets.ts"
import { assertKeepsSecrets, canary } from "./testing/canaries.ts"
import { type MemoryWorkspace, memoryWorkspace } from "./testing/memory-workspace.ts"

let place: MemoryWorkspace
let secrets: Secrets

before(async () => {
  place = await memoryWorkspace(["production", "staging", "empty"])
  secrets = new Secrets(place.options)
  unwrap(
    await secrets.setMany({ DATABASE_URL: "postgres://db", PORT: "5432", SECRET: canary, LOGO: new Uint8Array([137]) }),
  )
})
after(() => secrets.close())

type Check<Output> = (value: unknown) => { readonly value: Output } | string

/** A schema of nobody's: what it says quotes the value, as some do. */
function schema<Output, Input = string>(check: Check<Output>): StandardSchema<Input, Output> {
  const validate = (value: unknown) => {
    const result = check(value)
    return typeof result === "string" ? { issues: [{ message: result }] } : result
  }
  return { "~standard": { version: 1, vendor: "test", validate } }
}

const text = schema((value) => (typeof value === "string" ? { value } : `no text: ${value}`))
const port = schema((value) => (Number(value) > 0 ? { value: Number(value) } : `no port: ${value}`))
const optional = schema<string | undefined, string | undefined>((value) => ({ value: value as string | undefined }))
const withDefault = schema<"debug" | "info", string | undefined>((value) => ({
  value: value === "debug" ? value : "info",
}))

/** Fails to compile, where the types are not the same. */
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false
const holds = <T extends true>(value: T) => value

async function requestsOf<T>(work: () => Promise<T>): Promise<{ result: T; requests: string[] }> {
  const count = place.server.requests.length
  const result = await work()
  return { result, requests: place.server.requests.slice(count) }
}

test("gives what each schema gives, typed, in one request for just these names", async () => {
  await secrets.get("PORT")
  const { requests, result } = await requestsOf(() =>
    secrets.load({ DATABASE_URL: text, PORT: port, MISSING: optional, LEVEL: withDefault }),
  )
  const loaded = unwrap(result)
  assert.deepEqual(loaded, { DATABASE_URL: "postgres://db", PORT: 5432, MISSING: undefined, LEVEL: "info" })
  assert.deepEqual(requests, ["POST /v1/secrets/read"])
  interface Expected {
    readonly DATABASE_URL: string
    readonly PORT: number
    readonly MISSING: string | undefined
    readonly LEVEL: "debug" | "info"
  }
  holds<Same<typeof loaded.PORT, number>>(true)
  holds<Same<typeof loaded.LEVEL, "debug" | "info">>(true)
  holds<Same<keyof typeof loaded, keyof Expected>>(true)
  const expected: Expected = loaded
  assert.equal(expected, loaded)
  // @ts-expect-error it was not asked for
  assert.equal(loaded.OTHER, undefined)
})

test("a schema that takes no text, or is none, is refused by the compiler", async () => {
  const number = schema<number, number>((value) => ({ value: Number(value) }))
  // @ts-expect-error no text is a number
  unwrap(await secrets.load({ PORT: number }))
  const unknown = schema<number, unknown>((value) => ({ value: Number(value) }))
  const enumeration = schema<string, "5432" | "1">((value) => ({ value: String(value) }))
  unwrap(await secrets.load({ PORT: unknown, DATABASE_URL: enumeration }))
  // @ts-expect-error that is no schema
  await assert.rejects(secrets.load({ PORT: Number }), /the schema of PORT must be a Standard Schema, got function/)
  // @ts-expect-error neither is that
  await assert.rejects(secrets.load("PORT"), TypeError)
})

test("one failure names everything that is wrong, and shows neither a value nor the validator's words", async () => {
  const heard: LoadIssue[] = []
  const wrong = { PORT: text, SECRET: port, GONE: text, ALSO_GONE: port, LOGO: optional }
  const { failure } = await secrets.load(wrong, { onIssue: (issue) => heard.push(issue) })
  assert.ok(failure)
  assertKeepsSecrets(failure, place.options)
  assert.equal(failure.type, "ClientError")
  assert.equal(failure.code, "schema_mismatch")
  assert.equal(
    failure.message,
    "the secrets of production do not fit their schema: ALSO_GONE is missing, GONE is missing, LOGO is not text, SECRET does not fit",
  )
  assert.deepEqual(failure.facts, {
    missing: ["ALSO_GONE", "GONE"],
    invalid: ["LOGO", "SECRET"],
    environment: "production",
  })
  assert.deepEqual(heard.map(({ name }) => name).sort(), ["ALSO_GONE", "GONE", "LOGO", "SECRET"])
  assert.match(heard.find(({ name }) => name === "SECRET")?.message ?? "", new RegExp(canary))
})

test("where secrets are only missing, the failure is secret_not_found", async () => {
  const { failure } = await secrets.load({ PORT: port, GONE: text })
  assert.equal(failure?.code, "secret_not_found")
  assert.deepEqual(failure?.facts?.["missing"], ["GONE"])
})

test("a validator that throws, rejects or reports nothing fails without its words", async () => {
  const throwing = schema<string>((value) => {
    throw new Error(`cannot take ${value}`)
  })
  const rejecting: StandardSchema<string> = {
    "~standard": { version: 1, vendor: "test", validate: (value) => Promise.reject(value) },
  }
  const silent: StandardSchema<string> = {
    "~standard": { version: 1, vendor: "test", validate: () => ({ issues: [] }) },
  }
  for (const each of [throwing, rejecting, silent]) {
    const { failure } = await secrets.load({ SECRET: each })
    assert.ok(failure)
    assert.equal(failure.code, "schema_mismatch")
    assertKeepsSecrets(failure, place.options)
  }
})

test("validators may be asynchronous, and schemas may be functions", async () => {
  const slow: StandardSchema<string, number> = {
    "~standard": { version: 1, vendor: "test", validate: async (value) => ({ value: Number(value) }) },
  }
  const callable = Object.assign(() => undefined, slow)
  assert.deepEqual(unwrap(await secrets.load({ PORT: callable })), { PORT: 5432 })
})

interface Whole {
  readonly PORT: number
}

function whole(fail?: (values: Record<string, unknown>) => { path?: (string | { key: string })[]; message: string }[]) {
  const validate = (values: unknown) => {
    const given = values as Record<string, unknown>
    const issues = fail?.(given)
    return issues === undefined ? { value: { ...given, PORT: Number(given["PORT"]) } as Whole } : { issues }
  }
  return { "~standard": { version: 1, vendor: "test", validate } } as StandardSchema<object, Whole>
}

test("one schema for all secrets gets an object of texts, of every secret or of the names asked for", async () => {
  const { requests, result } = await requestsOf(() => secrets.load(whole()))
  const loaded = unwrap(result)
  holds<Same<typeof loaded, Whole>>(true)
  assert.deepEqual(loaded, { DATABASE_URL: "postgres://db", PORT: 5432, SECRET: canary })
  assert.deepEqual(requests, ["POST /v1/secrets/read"])
  assert.deepEqual(unwrap(await secrets.load(whole(), { names: ["PORT", "GONE"] })), { PORT: 5432 })
})

test("issues of one schema for all are told by name, and what is part of a value is no name", async () => {
  const failing = whole((values) => [
    { path: ["PORT"], message: "wrong" },
    { path: [{ key: "GONE" }, "x"], message: "missing" },
    { path: [`${values["SECRET"]}`.replaceAll("-", "-")], message: "part of a value" },
  ])
  const { failure } = await secrets.load(failing)
  assert.ok(failure)
  assertKeepsSecrets(failure, place.options)
  assert.equal(
    failure.message,
    "the secrets of production do not fit their schema: GONE is missing, PORT does not fit, all of them together do not fit",
  )
  const few = await secrets.load(failing, { names: ["PORT"] })
  assert.deepEqual(few.failure?.facts?.["missing"], [])
})

test("an environment of its own, names that no secret can have, and a call that was given up", async () => {
  const codeOf = async (call: Promise<Result<unknown>>) => (await call).failure?.code
  assert.equal(await codeOf(secrets.load({ PORT: port }, { environment: "empty" })), "secret_not_found")
  assert.equal(await codeOf(secrets.load({ "no name": port })), "invalid_secret_name")
  assert.equal(await codeOf(secrets.load({ PORT: port }, { signal: AbortSignal.abort() })), "aborted")
})
