/**
 * Spans for a program's own OpenTelemetry. Types of the shape of `@opentelemetry/api`, so that nobody needs that package. A span
 * tells what was called, in which environment, and how it failed: no value, no key, and no name of a secret but in failures.
 */
import type { Result } from "./result.ts"

/** A `Tracer` of OpenTelemetry, as far as it is used. */
export interface Tracer {
  startActiveSpan<T>(name: string, options: TracedSpanOptions, work: (span: TracedSpan) => T): T
}

/** What a span begins with. */
export interface TracedSpanOptions {
  kind?: number
  attributes?: Record<string, string>
}

/** A `Span` of OpenTelemetry, as far as it is used. */
export interface TracedSpan {
  setAttribute(name: string, value: string): unknown
  setStatus(status: { code: number; message?: string }): unknown
  end(): void
}

/** `SpanKind.CLIENT` and `SpanStatusCode.ERROR` of OpenTelemetry. */
const clientKind = 2
const errorStatus = 2

/** Runs one public call within a span `halfkey.<method>`. A tracer that fails changes nothing about the call. */
export async function traced<T>(
  tracer: Tracer | undefined,
  method: string,
  environment: string | undefined,
  work: () => Promise<Result<T>>,
): Promise<Result<T>> {
  if (tracer === undefined) return await work()
  let running: Promise<Result<T>> | undefined
  const attributes = environment === undefined ? {} : { "halfkey.environment": environment }
  quietly(() =>
    tracer.startActiveSpan(`halfkey.${method}`, { kind: clientKind, attributes }, (span) => {
      running = finished(span, work)
    }),
  )
  return await (running ?? work())
}

async function finished<T>(span: TracedSpan, work: () => Promise<Result<T>>): Promise<Result<T>> {
  try {
    const result = await work()
    const { failure } = result
    if (failure !== undefined) fail(span, failure.code, failure.message)
    if (failure?.requestId !== undefined) quietly(() => span.setAttribute("halfkey.request_id", `${failure.requestId}`))
    return result
  } catch (error) {
    fail(span, "TypeError", "a parameter is of a wrong type")
    throw error
  } finally {
    quietly(() => span.end())
  }
}

function fail(span: TracedSpan, type: string, message: string): void {
  quietly(() => {
    span.setAttribute("error.type", type)
    span.setStatus({ code: errorStatus, message })
  })
}

function quietly(call: () => unknown): void {
  try {
    call()
  } catch {
    // Of a tracer: it must not be why a program has no secrets.
  }
}
