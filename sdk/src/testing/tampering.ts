/** Lies and faults between client and server. */
import type { Transport, TransportRequest, TransportResponse } from "../transport.ts"

// biome-ignore lint/suspicious/noExplicitAny: an answer is anything, and a lie changes it anywhere.
export type Tamper = (json: any, request: TransportRequest) => void

/** Rewrites the JSON answers to requests that match, as "POST /v1/secrets/read". */
export function tampered(transport: Transport, route: string, tamper: Tamper): Transport {
  return async (request) => {
    const response = await transport(request)
    if (!matches(request, route) || response.status >= 400) return response
    const json: unknown = JSON.parse(response.body)
    tamper(json, request)
    return { ...response, body: JSON.stringify(json) }
  }
}

/** Answers requests that match by itself, `undefined` lets them through. */
export function intercepted(
  transport: Transport,
  route: string,
  answer: (request: TransportRequest, count: number) => Promise<TransportResponse | undefined>,
): Transport {
  let count = 0
  return async (request) => {
    if (!matches(request, route)) return await transport(request)
    count += 1
    return (await answer(request, count)) ?? (await transport(request))
  }
}

export function jsonResponse(status: number, json: unknown, headers: Record<string, string> = {}): TransportResponse {
  const contentType = status >= 400 ? "application/problem+json" : "application/json"
  return { status, headers: { "content-type": contentType, ...headers }, body: JSON.stringify(json) }
}

export function problem(status: number, code: string, headers: Record<string, string> = {}): TransportResponse {
  const type = `urn:halfkey:problem:${code}`
  return jsonResponse(
    status,
    { type, title: code, status, code, detail: `refused: ${code}`, requestId: "r-1" },
    headers,
  )
}

function matches({ method, url }: TransportRequest, route: string): boolean {
  return `${method} ${new URL(url).pathname}`.startsWith(route)
}
