/** Tracing with OpenTelemetry's own API, and as little of its SDK as a test needs: a provider that keeps spans. */
import assert from "node:assert/strict"
import { AsyncLocalStorage } from "node:async_hooks"
import { after, before, test } from "node:test"
import { inspect } from "node:util"
import {
  type Attributes,
  type Context,
  context,
  ROOT_CONTEXT,
  type Span,
  SpanKind,
  type SpanOptions,
  type SpanStatus,
  SpanStatusCode,
  type Tracer as TracerOfApi,
  trace,
} from "@opentelemetry/api"
import { Secrets, type SecretsOptions, type Tracer, unwrap } from "./secrets.ts"
import { canary } from "./testing/canaries.ts"
import { type MemoryWorkspace, memoryWorkspace } from "./testing/memory-workspace.ts"

interface KeptSpan {
  readonly name: string
  readonly kind: SpanKind | undefined
  readonly attributes: Attributes
  readonly within: string | undefined
  status?: SpanStatus
  ended: boolean
}

let place: MemoryWorkspace
let spans: KeptSpan[] = []
const contexts = new AsyncLocalStorage<Context>()
const names = new WeakMap<Span, string>()

function startSpan(name: string, { attributes = {}, kind }: SpanOptions = {}, parent = context.active()): Span {
  const active = trace.getSpan(parent)
  const kept: KeptSpan = {
    name,
    kind,
    attributes: { ...attributes },
    within: active && names.get(active),
    ended: false,
  }
  spans.push(kept)
  const span = new Proxy({} as Span, {
    get: (_, method) => {
      if (method === "spanContext") return () => ({ traceId: "1".repeat(32), spanId: "1".repeat(16), traceFlags: 1 })
      return (...words: [string, string] & [SpanStatus]) => {
        if (method === "setAttribute") kept.attributes[words[0]] = words[1]
        if (method === "setStatus") kept.status = words[0]
        if (method === "end") kept.ended = true
        return span
      }
    },
  })
  names.set(span, name)
  return span
}

/** What a provider's tracer does: the callback is the last argument, and runs with the span as the active one. */
const tracer = {
  startSpan,
  startActiveSpan: (name: string, ...rest: unknown[]) => {
    const work = rest.at(-1) as (span: Span) => unknown
    const span = startSpan(name, rest.length > 1 ? (rest[0] as SpanOptions) : {})
    return context.with(trace.setSpan(context.active(), span), () => work(span))
  },
} as TracerOfApi

before(async () => {
  place = await memoryWorkspace(["production"])
  context.setGlobalContextManager({
    active: () => contexts.getStore() ?? ROOT_CONTEXT,
    with: (active, work, self, ...words) => contexts.run(active, () => work.apply(self, words)),
    bind: (_, target) => target,
    enable() {
      return this
    },
    disable() {
      return this
    },
  })
})
after(() => {
  context.disable()
  trace.disable()
})

async function traced(work: (secrets: Secrets) => Promise<void>, more: SecretsOptions = {}): Promise<void> {
  spans = []
  // As the README says, and by the type of the API itself.
  const given: Tracer = trace.getTracer("my-app")
  const secrets = new Secrets({ ...place.options, tracer: given, ...more })
  await work(secrets)
  await secrets.close()
}

test("without a provider, calls work and leave no span", async () => {
  await traced(async (secrets) => {
    unwrap(await secrets.set("A", "1"))
    assert.equal(unwrap(await secrets.get("A")), "1")
  })
  assert.deepEqual(spans, [])
})

test("each call is a span of a client, and the program's own spans of requests stand within", async () => {
  trace.setGlobalTracerProvider({ getTracer: () => tracer })
  const transport: typeof place.server.transport = async (request) => {
    const span = trace.getTracer("http").startSpan("request", { kind: SpanKind.INTERNAL })
    const answer = await place.server.transport(request)
    span.end()
    return answer
  }
  await traced(
    async (secrets) => {
      unwrap(await secrets.set("TOKEN", canary))
      assert.equal(unwrap(await secrets.get("TOKEN")), canary)
      await secrets.get("GONE")
    },
    { transport },
  )
  const own = spans.filter(({ name }) => name !== "request")
  const environment = { "halfkey.environment": "production" }
  assert.deepEqual(own, [
    { name: "halfkey.set", kind: SpanKind.CLIENT, attributes: environment, within: undefined, ended: true },
    { name: "halfkey.get", kind: SpanKind.CLIENT, attributes: environment, within: undefined, ended: true },
    {
      name: "halfkey.get",
      kind: SpanKind.CLIENT,
      attributes: { ...environment, "error.type": "secret_not_found" },
      within: undefined,
      ended: true,
      status: { code: SpanStatusCode.ERROR, message: "there is no secret GONE in production" },
    },
  ])
  const requests = spans.filter(({ name }) => name === "request").map(({ within }) => within)
  assert.ok(requests.length >= 4)
  assert.deepEqual(new Set(requests), new Set(["halfkey.set", "halfkey.get"]))
  const shown = inspect(spans, { depth: 9 })
  for (const hidden of [canary, place.workspace.clientKey, place.workspace.apiKey]) assert.ok(!shown.includes(hidden))
})

test("a call within a span of the program is its child", async () => {
  await traced(async (secrets) => {
    await trace.getTracer("my-app").startActiveSpan("request of a user", async (span) => {
      unwrap(await secrets.list())
      span.end()
    })
  })
  assert.deepEqual(
    spans.map(({ name, within }) => [name, within]),
    [
      ["request of a user", undefined],
      ["halfkey.list", "request of a user"],
    ],
  )
})
