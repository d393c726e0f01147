import assert from "node:assert/strict"
import { beforeEach, test } from "node:test"
import { HalfkeyError } from "@halfkey/core/formats/errors"
import { Secrets, unwrap } from "./secrets.ts"
import { type MemoryWorkspace, memoryWorkspace } from "./testing/memory-workspace.ts"
import { intercepted, jsonResponse, problem } from "./testing/tampering.ts"
import type { Transport, TransportRequest } from "./transport.ts"

let place: MemoryWorkspace

beforeEach(async () => {
  place = await memoryWorkspace()
})

const lost = () => new HalfkeyError("server_unreachable", "the connection was lost")

function secretsOver(transport: Transport): Secrets {
  return new Secrets({ ...place.options, transport })
}

function versions(name: string): number[] {
  return (
    place.server
      .keyset("production")
      .secrets.get(name)
      ?.versions.map(({ version }) => version) ?? []
  )
}

test("a commit whose answer is lost is sent again, byte for byte, and written once", async () => {
  const bodies: (string | undefined)[] = []
  const transport = intercepted(place.server.transport, "POST /v1/secrets/commit", async (request, count) => {
    bodies.push(request.body)
    if (count > 2) return undefined
    await place.server.transport(request)
    throw lost()
  })
  const secrets = secretsOver(transport)
  assert.equal(unwrap(await secrets.set("A", "1")).version, 1)
  assert.equal(unwrap(await secrets.get("A")), "1")
  assert.equal(bodies.length, 3)
  assert.equal(new Set(bodies).size, 1)
  assert.deepEqual(versions("A"), [1])
  await secrets.close()
})

test("a commit that stays unanswered says that it may have been written", async () => {
  const transport = intercepted(place.server.transport, "POST /v1/secrets/commit", async () => {
    throw lost()
  })
  const secrets = secretsOver(transport)
  const { failure } = await secrets.set("A", "1")
  assert.equal(failure?.code, "server_unreachable")
  assert.equal(failure?.type, "NetworkError")
  assert.equal(failure?.retryable, true)
  assert.match(failure?.message ?? "", /may or may not/)
  await secrets.close()
})

test("a read is sent again after a lost connection, but not for ever", async () => {
  const flaky = intercepted(place.server.transport, "POST /v1/secrets/read", async (_, count) => {
    if (count < 3) throw new TypeError("fetch failed")
    return undefined
  })
  const secrets = secretsOver(flaky)
  assert.deepEqual(unwrap(await secrets.readAll()), [])
  await secrets.close()
  let attempts = 0
  const dead = secretsOver(async () => {
    attempts += 1
    throw new TypeError("fetch failed: CANARY")
  })
  const { failure } = await dead.get("A")
  assert.equal(failure?.code, "server_unreachable")
  assert.match(failure?.message ?? "", /^no answer from http:\/\/127\.0\.0\.1:1$/)
  assert.match(failure?.hint ?? "", /npm start/)
  assert.equal(attempts, 4)
  await dead.close()
})

test("a server that is not ready is asked again after the time that it names", async () => {
  for (const [status, code] of [
    [503, "unavailable"],
    [429, "rate_limited"],
  ] as const) {
    const transport = intercepted(place.server.transport, "POST /v1/secrets/commit", async (_, count) =>
      count === 1 ? problem(status, code, { "retry-after": "0" }) : undefined,
    )
    const secrets = secretsOver(transport)
    unwrap(await secrets.set(code, "1"))
    assert.deepEqual(versions(code), [1])
    await secrets.close()
  }
})

test("a wait that ends after the deadline is not begun", async () => {
  let attempts = 0
  const transport = intercepted(place.server.transport, "POST /v1/secrets/read", async () => {
    attempts += 1
    return problem(429, "rate_limited", { "retry-after": "3600" })
  })
  const secrets = secretsOver(transport)
  const { failure } = await secrets.get("A")
  assert.equal(failure?.code, "rate_limited")
  assert.equal(failure?.retryable, true)
  assert.equal(failure?.requestId, "r-1")
  assert.equal(attempts, 1)
  await secrets.close()
})

test("what is wrong for good is not repeated", async () => {
  for (const [status, code] of [
    [403, "insufficient_scope"],
    [404, "keyset_not_found"],
    [500, "internal_error"],
    [507, "storage_full"],
  ] as const) {
    let attempts = 0
    const transport = intercepted(place.server.transport, "POST /v1/secrets/read", async () => {
      attempts += 1
      return problem(status, code)
    })
    const secrets = secretsOver(transport)
    assert.equal((await secrets.get("A")).failure?.code, code)
    assert.equal(attempts, 1, code)
    await secrets.close()
  }
})

test("the deadline holds for the whole call, also where a transport ignores its signal", async () => {
  const never = () => new Promise<never>(() => undefined)
  const secrets = secretsOver(intercepted(place.server.transport, "POST /v1/secrets/read", never))
  const { failure } = await secrets.get("A", { timeoutMs: 50 })
  assert.equal(failure?.code, "timeout")
  assert.equal(failure?.retryable, true)
  assert.match(failure?.message ?? "", /50 ms/)
  await secrets.close()
})

test("a commit that hangs is sent again within the deadline", async () => {
  const transport = intercepted(place.server.transport, "POST /v1/secrets/commit", async (request, count) => {
    if (count > 1) return undefined
    await place.server.transport(request)
    return await new Promise<never>(() => undefined)
  })
  const secrets = new Secrets({ ...place.options, transport, timeoutMs: 2000 })
  assert.equal(unwrap(await secrets.set("A", "1")).version, 1)
  assert.deepEqual(versions("A"), [1])
  await secrets.close()
})

test("a caller that gives up gets its answer at once, before and during a call", async () => {
  const controller = new AbortController()
  const secrets = secretsOver(
    intercepted(place.server.transport, "POST /v1/secrets/read", async () => {
      controller.abort()
      return await new Promise<never>(() => undefined)
    }),
  )
  const during = await secrets.get("A", { signal: controller.signal })
  assert.equal(during.failure?.code, "aborted")
  const requests = place.server.requests.length
  const beforehand = await secrets.get("A", { signal: controller.signal })
  assert.equal(beforehand.failure?.code, "aborted")
  assert.equal(place.server.requests.length, requests)
  await secrets.close()
})

/** Lets another client write between prepare and commit, `times` times. */
function overtaken(times: number): { transport: Transport; other: Secrets } {
  const other = new Secrets(place.options)
  const transport = intercepted(place.server.transport, "POST /v1/secrets/commit", async (_, count) => {
    if (count <= times) unwrap(await other.set("A", `other ${count}`))
    return undefined
  })
  return { transport, other }
}

test("a write that others overtake starts over with the next version", async () => {
  const { other, transport } = overtaken(4)
  const secrets = secretsOver(transport)
  assert.equal(unwrap(await secrets.set("A", "mine")).version, 5)
  assert.equal(unwrap(await other.get("A")), "mine")
  await secrets.close()
  await other.close()
})

test("a write that is overtaken five times, or once where it is bound to a version, fails", async () => {
  const first = overtaken(5)
  const secrets = secretsOver(first.transport)
  assert.equal((await secrets.set("A", "mine")).failure?.code, "version_conflict")
  const second = overtaken(1)
  const bound = secretsOver(second.transport)
  assert.equal((await bound.set("A", "mine", { ifVersion: 5 })).failure?.code, "version_conflict")
  assert.equal(unwrap(await secrets.get("A")), "other 1")
  for (const each of [secrets, bound, first.other, second.other]) await each.close()
})

test("refusals without a problem document are named by their status", async () => {
  const answers: [unknown, string][] = [
    [{ status: 502, headers: { "content-type": "text/html" }, body: "<h1>Bad Gateway</h1>" }, "unavailable"],
    [{ status: 404, headers: { "content-type": "text/html" }, body: "<h1>nginx</h1>" }, "invalid_response"],
    [{ status: 302, headers: { location: "https://evil.example" }, body: "" }, "invalid_response"],
    [{ status: 200, headers: { "content-type": "text/html" }, body: "<h1>hotel wifi</h1>" }, "invalid_response"],
    [{ status: 200, headers: { "content-type": "application/json" }, body: '{"a":' }, "invalid_response"],
    [{ status: 200, headers: { "content-type": "application/json" }, body: "null" }, "invalid_response"],
    [{ status: 500, headers: { "content-type": "application/problem+json" }, body: "[]" }, "internal_error"],
    [{ status: 101, headers: {}, body: "" }, "invalid_response"],
    [undefined, "invalid_response"],
    [{ status: "200", headers: {}, body: 7 }, "invalid_response"],
  ]
  for (const [answer, code] of answers) {
    const transport: Transport = async (request: TransportRequest) =>
      request.url.endsWith("/read") ? (answer as never) : await place.server.transport(request)
    const direct = secretsOver(transport)
    assert.equal((await direct.get("A", { timeoutMs: 3000 })).failure?.code, code, JSON.stringify(answer))
    await direct.close()
  }
})

test("a server cannot raise what only this machine can find out", async () => {
  const transport = intercepted(place.server.transport, "POST /v1/secrets/read", async () =>
    jsonResponse(403, {
      code: "keyset_verification_failed",
      detail: "\u001b[31mcome to\nevil.example",
      requestId: "x\u0007",
    }),
  )
  const secrets = secretsOver(transport)
  const { failure } = await secrets.get("A")
  assert.equal(failure?.code, "insufficient_scope")
  assert.equal(failure?.message, " [31mcome to evil.example")
  await secrets.close()
})

test("a refused assertion names the clock, or the id that does not fit the key", async () => {
  const late = new Date(Date.now() + 3600_000).toUTCString()
  const clock = intercepted(place.server.transport, "POST /oauth/token", async () =>
    jsonResponse(401, { error: "invalid_client", error_description: "no", code: "invalid_client" }, { date: late }),
  )
  const secrets = secretsOver(clock)
  const { failure } = await secrets.get("A")
  assert.equal(failure?.code, "invalid_client")
  assert.match(failure?.message ?? "", /clock is 3\d\d\d s behind/)
  await secrets.close()

  const refused = intercepted(place.server.transport, "POST /oauth/token", async () => problem(401, "invalid_client"))
  const right = secretsOver(refused)
  assert.equal((await right.get("A")).failure?.code, "invalid_client")
  await right.close()
  const other = (await memoryWorkspace()).workspace.clientId
  const wrong = new Secrets({ ...place.options, clientId: other, transport: refused })
  const mixed = await wrong.get("A")
  assert.equal(mixed.failure?.code, "invalid_configuration")
  assert.match(mixed.failure?.message ?? "", /CS_CLIENT_ID/)
  await wrong.close()
})
