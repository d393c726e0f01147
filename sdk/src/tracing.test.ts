import assert from "node:assert/strict"
import { AsyncLocalStorage } from "node:async_hooks"
import { after, before, test } from "node:test"
import { inspect } from "node:util"
import { Secrets, type SecretsOptions, type TracedSpan, type Tracer, unwrap } from "./secrets.ts"
import { canary } from "./testing/canaries.ts"
import { type MemoryWorkspace, memoryWorkspace } from "./testing/memory-workspace.ts"
import { intercepted, problem } from "./testing/tampering.ts"

let place: MemoryWorkspace
before(async () => {
  place = await memoryWorkspace(["production", "staging"])
})

interface Recorded {
  readonly name: string
  readonly kind: number | undefined
  readonly attributes: Record<string, string>
  status?: { code: number; message?: string }
  ended: number
}

/** Keeps spans, and which of them is active, as OpenTelemetry does. */
class Recorder implements Tracer {
  readonly spans: Recorded[] = []
  readonly active = new AsyncLocalStorage<Recorded>()

  startActiveSpan<T>(...[name, { attributes = {}, kind }, work]: Parameters<Tracer["startActiveSpan"]>): T {
    const span: Recorded = { name, kind, attributes: { ...attributes }, ended: 0 }
    this.spans.push(span)
    const handle: TracedSpan = {
      setAttribute: (key, value) => {
        span.attributes[key] = value
      },
      setStatus: (status) => {
        span.status = status
      },
      end: () => {
        span.ended += 1
      },
    }
    return this.active.run(span, () => work(handle)) as T
  }
}

const open: Secrets[] = []
after(async () => {
  for (const each of open) await each.close()
})

function client(tracer: Tracer, more: SecretsOptions = {}): Secrets {
  const secrets = new Secrets({ ...place.options, ...more, tracer })
  open.push(secrets)
  return secrets
}

test("each call is a span that ends once, and its requests happen within it", async () => {
  const recorder = new Recorder()
  const within = new Set<string | undefined>()
  const transport: typeof place.server.transport = async (request) => {
    within.add(recorder.active.getStore()?.name)
    return await place.server.transport(request)
  }
  const secrets = client(recorder, { transport })
  unwrap(await secrets.set("A", canary))
  unwrap(await secrets.get("A"))
  unwrap(await secrets.setMany({ B: canary }, { environment: "staging" }))
  unwrap(await secrets.readAll())
  unwrap(await secrets.list())
  const environment = { "halfkey.environment": "production" }
  assert.deepEqual(recorder.spans, [
    { name: "halfkey.set", kind: 2, attributes: environment, ended: 1 },
    { name: "halfkey.get", kind: 2, attributes: environment, ended: 1 },
    { name: "halfkey.setMany", kind: 2, attributes: { "halfkey.environment": "staging" }, ended: 1 },
    { name: "halfkey.readAll", kind: 2, attributes: environment, ended: 1 },
    { name: "halfkey.list", kind: 2, attributes: environment, ended: 1 },
  ])
  assert.deepEqual([...within], ["halfkey.set", "halfkey.get", "halfkey.setMany", "halfkey.readAll", "halfkey.list"])
})

test("a failure is told by its code and message, and nothing in a span is a value or a key", async () => {
  const recorder = new Recorder()
  const transport = intercepted(place.server.transport, "GET /v1/secrets", async () => problem(403, "keyset_disabled"))
  const secrets = client(recorder, { transport })
  unwrap(await secrets.set("SECRET", canary))
  const schema = {
    "~standard": { version: 1, vendor: "t", validate: (value: unknown) => ({ issues: [{ message: `was ${value}` }] }) },
  } as const
  await secrets.load({ SECRET: schema })
  await secrets.get("GONE")
  await secrets.list()
  await assert.rejects(secrets.set("SECRET", 7 as never), TypeError)
  const told = recorder.spans.map(({ attributes, ended, status }) => [
    attributes["error.type"],
    status?.code,
    attributes["halfkey.request_id"],
    ended,
  ])
  assert.deepEqual(told, [
    [undefined, undefined, undefined, 1],
    ["schema_mismatch", 2, undefined, 1],
    ["secret_not_found", 2, undefined, 1],
    ["keyset_disabled", 2, "r-1", 1],
    ["TypeError", 2, undefined, 1],
  ])
  const shown = inspect(recorder.spans, { depth: 10 })
  for (const hidden of [canary, place.workspace.clientKey, place.workspace.apiKey]) assert.ok(!shown.includes(hidden))
})

test("a tracer that fails, or does not call, changes nothing", async () => {
  const broken = () => {
    throw new Error("no collector")
  }
  const tracers: Tracer[] = [
    { startActiveSpan: broken },
    { startActiveSpan: () => undefined as never },
    { startActiveSpan: (_, __, work) => work({ setAttribute: broken, setStatus: broken, end: broken }) },
    {
      startActiveSpan: (_, __, work) => {
        work({ setAttribute: broken, setStatus: broken, end: broken })
        return broken()
      },
    },
  ]
  for (const tracer of tracers) {
    const secrets = client(tracer)
    const { version } = unwrap(await secrets.set("ONCE", "1"))
    assert.equal(unwrap(await secrets.get("ONCE")), "1")
    assert.equal((await secrets.get("GONE")).failure?.code, "secret_not_found")
    // Written once, not twice.
    assert.equal(unwrap(await secrets.set("ONCE", "1")).version, version + 1)
  }
})

test("what is no tracer is a wrong type", () => {
  for (const tracer of [{}, null, "tracer", { startSpan: () => undefined }]) {
    assert.throws(() => new Secrets({ ...place.options, tracer: tracer as never }), TypeError)
  }
})
