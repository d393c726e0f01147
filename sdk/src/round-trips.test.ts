import assert from "node:assert/strict"
import { beforeEach, test } from "node:test"
import { Secrets, unwrap } from "./secrets.ts"
import type { StoredToken } from "./stores.ts"
import { type MemoryWorkspace, memoryWorkspace } from "./testing/memory-workspace.ts"
import { intercepted, problem } from "./testing/tampering.ts"

let place: MemoryWorkspace

beforeEach(async () => {
  place = await memoryWorkspace()
})

/** The requests that `work` causes. */
async function requestsOf(work: () => Promise<unknown>): Promise<string[]> {
  const before = place.server.requests.length
  await work()
  return place.server.requests.slice(before)
}

test("a cold read takes two round trips, a warm one one; a write one more", async () => {
  const secrets = new Secrets(place.options)
  const write = async () => unwrap(await secrets.set("A", "1"))
  assert.deepEqual(await requestsOf(write), [
    "POST /oauth/token",
    "POST /v1/secrets/prepare",
    "POST /v1/secrets/commit",
  ])
  assert.deepEqual(await requestsOf(write), ["POST /v1/secrets/prepare", "POST /v1/secrets/commit"])
  await secrets.close()

  const cold = new Secrets(place.options)
  const read = async () => assert.equal(unwrap(await cold.get("A")), "1")
  assert.deepEqual(await requestsOf(read), ["POST /oauth/token", "POST /v1/secrets/read"])
  assert.deepEqual(await requestsOf(read), ["POST /v1/secrets/read"])
  await cold.close()
})

test("a warm read sends what it knows and gets no documents", async () => {
  const bodies: { known?: object }[] = []
  const answers: { keyset?: object }[] = []
  const transport: typeof place.server.transport = async (request) => {
    const response = await place.server.transport(request)
    if (request.url.endsWith("/read")) {
      bodies.push(JSON.parse(request.body ?? ""))
      answers.push(JSON.parse(response.body))
    }
    return response
  }
  const secrets = new Secrets({ ...place.options, transport })
  unwrap(await secrets.readAll())
  unwrap(await secrets.readAll())
  await secrets.close()
  assert.equal(bodies[0]?.known, undefined)
  assert.deepEqual(Object.keys(bodies[1]?.known ?? {}).sort(), ["manifestHash", "rosterHash", "sinceRevision"])
  assert.ok(answers[0]?.keyset !== undefined)
  assert.equal(answers[1]?.keyset, undefined)
})

test("calls that start together share one token request", async () => {
  const secrets = new Secrets(place.options)
  const requests = await requestsOf(() => Promise.all(Array.from({ length: 20 }, () => secrets.readAll())))
  assert.equal(requests.filter((request) => request === "POST /oauth/token").length, 1)
  await secrets.close()
})

test("a call that gives up does not take the token from the others", async () => {
  const controller = new AbortController()
  let release: (() => void) | undefined
  const held = new Promise<void>((resolve) => {
    release = resolve
  })
  const transport = intercepted(place.server.transport, "POST /oauth/token", async () => {
    await held
    return undefined
  })
  const secrets = new Secrets({ ...place.options, transport })
  const first = secrets.readAll({ signal: controller.signal })
  const second = secrets.readAll()
  controller.abort()
  assert.equal((await first).failure?.code, "aborted")
  release?.()
  unwrap(await second)
  await secrets.close()
})

test("a token is replaced shortly before it ends, each time with a new assertion", async () => {
  let now = Date.now()
  const secrets = new Secrets({ ...place.options, now: () => now })
  const read = () => secrets.readAll()
  await read()
  now += (place.server.tokenSeconds - 31) * 1000
  assert.deepEqual(await requestsOf(read), ["POST /v1/secrets/read"])
  now += 2000
  assert.deepEqual(await requestsOf(read), ["POST /oauth/token", "POST /v1/secrets/read"])
  assert.equal(new Set(place.server.assertions).size, place.server.assertions.length)
  await secrets.close()
})

test("a token that the server no longer knows is replaced once, and the call repeated", async () => {
  const secrets = new Secrets(place.options)
  unwrap(await secrets.set("A", "1"))
  place.server.forgetTokens()
  const requests = await requestsOf(async () => unwrap(await secrets.get("A")))
  assert.deepEqual(requests, ["POST /v1/secrets/read", "POST /oauth/token", "POST /v1/secrets/read"])
  const always = intercepted(place.server.transport, "POST /v1/secrets/read", async () => problem(401, "invalid_token"))
  const refused = new Secrets({ ...place.options, transport: always })
  const tried = await requestsOf(async () => assert.equal((await refused.get("A")).failure?.code, "invalid_token"))
  assert.deepEqual(tried, ["POST /oauth/token", "POST /oauth/token"])
  await secrets.close()
  await refused.close()
})

test("a stored token saves the round trip, an old one is not used, a refused one is cleared", async () => {
  const store = memoryTokens()
  const first = new Secrets({ ...place.options, tokens: store })
  unwrap(await first.set("A", "1"))
  await first.close()
  assert.ok(store.token !== undefined)

  const second = new Secrets({ ...place.options, tokens: store })
  assert.deepEqual(await requestsOf(async () => unwrap(await second.get("A"))), ["POST /v1/secrets/read"])
  await second.close()

  store.token = { ...store.token, expiresAt: Date.now() + 29_000 }
  const third = new Secrets({ ...place.options, tokens: store })
  assert.deepEqual(await requestsOf(async () => unwrap(await third.get("A"))), [
    "POST /oauth/token",
    "POST /v1/secrets/read",
  ])
  await third.close()

  const transport = intercepted(place.server.transport, "POST /v1/secrets/read", async () =>
    problem(401, "client_revoked"),
  )
  const fourth = new Secrets({ ...place.options, tokens: store, transport })
  assert.equal((await fourth.get("A")).failure?.code, "client_revoked")
  assert.equal(store.token, undefined)
  await fourth.close()
})

test("a token store that fails costs a round trip and no call", async () => {
  const broken = async () => {
    throw new Error("disk")
  }
  const secrets = new Secrets({ ...place.options, tokens: { load: broken, save: broken, clear: broken } })
  unwrap(await secrets.set("A", "1"))
  await secrets.close()
})

test("the half that was opened by X-Wing is wrapped for the next start, awaited by close", async () => {
  const [keyset] = place.server.keysets
  const [grant] = keyset?.grants ?? []
  assert.ok(keyset && grant)
  keyset.grants[0] = { ...grant, selfWrap: undefined }
  const secrets = new Secrets(place.options)
  unwrap(await secrets.readAll())
  unwrap(await secrets.readAll())
  await secrets.close()
  assert.equal(place.server.requests.filter((request) => request.endsWith("/self-wraps")).length, 1)
  assert.equal(keyset.grants[0]?.selfWrap?.length, 60)
  const next = new Secrets(place.options)
  unwrap(await next.readAll())
  await next.close()
  assert.equal(place.server.requests.filter((request) => request.endsWith("/self-wraps")).length, 1)
})

test("an upload of a self-wrap that fails fails no call", async () => {
  const [keyset] = place.server.keysets
  const [grant] = keyset?.grants ?? []
  assert.ok(keyset && grant)
  keyset.grants[0] = { ...grant, selfWrap: undefined }
  const route = `POST /v1/keysets/${keyset.newest.keysetId}/self-wraps`
  const transport = intercepted(place.server.transport, route, async () => problem(403, "insufficient_scope"))
  const secrets = new Secrets({ ...place.options, transport })
  unwrap(await secrets.readAll())
  await secrets.close()
})

function memoryTokens() {
  return {
    token: undefined as StoredToken | undefined,
    async load() {
      return this.token
    },
    async save(token: StoredToken) {
      this.token = token
    },
    async clear() {
      this.token = undefined
    },
  }
}
