/** Every field of every answer, broken in several ways: a call then succeeds with the truth, or fails by name, and shows nothing. */
import assert from "node:assert/strict"
import { before, test } from "node:test"
import { Admin } from "./admin.ts"
import type { Result } from "./result.ts"
import { Secrets, unwrap } from "./secrets.ts"
import { assertKeepsSecrets, canary } from "./testing/canaries.ts"
import { type MemoryWorkspace, memoryWorkspace } from "./testing/memory-workspace.ts"
import { tampered } from "./testing/tampering.ts"
import type { Transport } from "./transport.ts"

let place: MemoryWorkspace

before(async () => {
  place = await memoryWorkspace()
  const secrets = new Secrets(place.options)
  unwrap(await secrets.setMany({ A: canary, B: canary }))
  await secrets.close()
})

const missing = Symbol("missing")
const replacements: unknown[] = [missing, null, -1, 1.5, "", "x", "\u0007".repeat(3), {}, [], [null], true]

/** Where each value of a JSON document is. */
function pathsOf(json: unknown, path: readonly (string | number)[] = []): (readonly (string | number)[])[] {
  if (typeof json !== "object" || json === null) return [path]
  const below = Object.entries(json).flatMap(([name, value]) => pathsOf(value, [...path, name]))
  return path.length === 0 ? below : [path, ...below]
}

function replaceAt(json: unknown, path: readonly (string | number)[], replacement: unknown): void {
  const last = path.at(-1) ?? ""
  const parent = path.slice(0, -1).reduce<unknown>((at, name) => (at as Record<string, unknown>)[name], json)
  if (replacement === missing && !Array.isArray(parent)) delete (parent as Record<string, unknown>)[last]
  else (parent as Record<string, unknown>)[last] = replacement === missing ? undefined : replacement
}

async function answerOf(route: string, call: (transport: Transport) => Promise<unknown>): Promise<unknown> {
  let answer: unknown
  await call(
    tampered(place.server.transport, route, (json) => {
      answer = structuredClone(json)
    }),
  )
  assert.ok(answer, `${route} was not called`)
  return answer
}

type Outcome = Result<unknown>

async function breakEverything(
  route: string,
  call: (transport: Transport) => Promise<Outcome>,
  truth: (data: unknown) => void | Promise<void>,
): Promise<void> {
  const answer = await answerOf(route, call)
  let refused = 0
  for (const path of pathsOf(answer)) {
    for (const replacement of replacements) {
      const { data, failure } = await call(
        tampered(place.server.transport, route, (json) => replaceAt(json, path, replacement)),
      )
      const what = `${route} ${path.join(".")} = ${JSON.stringify(replacement) ?? "missing"}`
      if (failure === undefined) {
        await truth(data)
        continue
      }
      refused += 1
      assert.notEqual(failure.code, "unexpected", `${what}: ${JSON.stringify(failure)}`)
      assert.ok(failure.message.length > 0 && !/\p{Cc}/u.test(JSON.stringify(failure)), what)
      assertKeepsSecrets(failure, place.options)
    }
  }
  assert.ok(refused > 50, `${route}: only ${refused} were refused`)
}

async function withSecrets<T>(transport: Transport, work: (secrets: Secrets) => Promise<T>): Promise<T> {
  const secrets = new Secrets({ ...place.options, transport, timeoutMs: 3000 })
  try {
    return await work(secrets)
  } finally {
    await secrets.close()
  }
}

async function withAdmin<T>(transport: Transport, work: (admin: Admin) => Promise<T>): Promise<T> {
  const admin = new Admin({ ...place.options, transport, timeoutMs: 3000 })
  try {
    return await work(admin)
  } finally {
    await admin.close()
  }
}

test("a broken read gives the true value or a named failure", async () => {
  const call = (transport: Transport) => withSecrets(transport, (secrets) => secrets.getMany(["A", "B"]))
  await breakEverything("POST /v1/secrets/read", call, (data) => assert.deepEqual(data, { A: canary, B: canary }))
})

test("a broken token answer gives the true value or a named failure", async () => {
  const call = (transport: Transport) => withSecrets(transport, (secrets) => secrets.get("A"))
  const answer = await answerOf("POST /oauth/token", call)
  for (const path of pathsOf(answer)) {
    for (const replacement of replacements) {
      const { data, failure } = await call(
        tampered(place.server.transport, "POST /oauth/token", (json) => replaceAt(json, path, replacement)),
      )
      if (failure === undefined) assert.equal(data, canary)
      else {
        assert.notEqual(failure.code, "unexpected")
        assertKeepsSecrets(failure, place.options)
      }
    }
  }
})

test("a broken prepare never makes a client write what others cannot read", async () => {
  const call = (transport: Transport) => withSecrets(transport, (secrets) => secrets.set("W", canary))
  await breakEverything("POST /v1/secrets/prepare", call, async () => {
    await withSecrets(place.server.transport, async (secrets) => assert.equal(unwrap(await secrets.get("W")), canary))
  })
})

test("broken lists and histories give a named failure or what the server said", async () => {
  const list = (transport: Transport) => withSecrets(transport, (secrets) => secrets.list())
  await breakEverything("GET /v1/secrets", list, (data) => assert.ok(Array.isArray(data)))
  const history = (transport: Transport) => withSecrets(transport, (secrets) => secrets.history("A"))
  await breakEverything("GET /v1/secrets/A/versions", history, (data) => assert.ok(Array.isArray(data)))
})

test("broken administrative answers give a named failure or what the server said", async () => {
  const believed = () => undefined
  await breakEverything(
    "GET /v1/workspace",
    (transport) => withAdmin(transport, (admin) => admin.workspace()),
    believed,
  )
  await breakEverything(
    "GET /v1/keysets",
    (transport) => withAdmin(transport, (admin) => admin.environments.list()),
    believed,
  )
  await breakEverything(
    "GET /v1/clients",
    (transport) => withAdmin(transport, (admin) => admin.clients.list()),
    believed,
  )
  await breakEverything(
    "GET /.well-known/halfkey",
    (transport) => withAdmin(transport, (admin) => admin.health()),
    believed,
  )
})
