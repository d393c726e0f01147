/** One workspace on a real server, with the secrets that all schemas are tried on. */
import assert from "node:assert/strict"
import { after } from "node:test"
import { inspect } from "node:util"
import { type LoadIssue, type Result, type Secrets, unwrap } from "halfkey/secrets"
import { startTestWorkspace, type TestWorkspace } from "halfkey/testing"

export const canary = "CANARY-5f0e9d1c"
/** Values that the schemas of `failureOf` refuse: each can be quoted by the validator. */
const values = {
  DATABASE_URL: "postgres://localhost/app",
  PORT: "8080",
  FEATURES: "search,mail",
  LIMITS: '{"perMinute":60}',
  DEBUG: "true",
  TOKEN: canary,
}

/** What each schema makes of them. */
export interface Config {
  DATABASE_URL: string
  PORT: number
  FEATURES: string[]
  LIMITS: { perMinute: number }
  LEVEL: "debug" | "info"
  MISSING: string | undefined
  TOKEN: string
}
export const expectedConfig: Config = {
  DATABASE_URL: "postgres://localhost/app",
  PORT: 8080,
  FEATURES: ["search", "mail"],
  LIMITS: { perMinute: 60 },
  LEVEL: "info",
  MISSING: undefined,
  TOKEN: canary,
}

let opened: Promise<TestWorkspace> | undefined
after(async () => await (await opened)?.close())

async function open(): Promise<TestWorkspace> {
  const place = unwrap(await startTestWorkspace())
  unwrap(await place.secrets.setMany(values))
  return place
}

export async function loading(work: (secrets: Secrets) => Promise<void>): Promise<void> {
  opened ??= open()
  await work((await opened).secrets)
}

/**
 * A load of PORT, TOKEN, FEATURES and LIMITS, none of which fits, and of GONE and ALSO_GONE, which are missing: one failure names all,
 * and neither shows a value nor the validator's words, which `onIssue` hears.
 */
export async function failureOf(
  load: (secrets: Secrets, onIssue: (issue: LoadIssue) => void) => Promise<Result<unknown>>,
): Promise<void> {
  await loading(async (secrets) => {
    const heard: LoadIssue[] = []
    const { failure } = await load(secrets, (issue) => heard.push(issue))
    assert.ok(failure)
    assert.equal(failure.code, "schema_mismatch")
    assert.deepEqual(failure.facts, {
      missing: ["ALSO_GONE", "GONE"],
      invalid: ["FEATURES", "LIMITS", "PORT", "TOKEN"],
      environment: "production",
    })
    const shown = inspect(failure, { depth: 9 })
    for (const value of Object.values(values)) assert.ok(!shown.includes(value), shown)
    for (const { message } of heard) assert.ok(!shown.includes(message), message)
    const names = new Set(heard.map(({ name }) => name))
    assert.deepEqual([...names].sort(), ["ALSO_GONE", "FEATURES", "GONE", "LIMITS", "PORT", "TOKEN"])
  })
}

/** Whether two types are the same, not only assignable: readonly and optional properties count. */
export type Same<A, B> = (<T>() => T extends Flat<A> ? 1 : 2) extends <T>() => T extends Flat<B> ? 1 : 2 ? true : false
/** As one object type, whatever it was made of. */
type Flat<T> = T extends object ? { [Key in keyof T]: T[Key] } : T

/** Compiles only where `Holds` is true. */
export function exactly<Holds extends true>(holds: Holds): void {
  assert.equal(holds, true)
}
