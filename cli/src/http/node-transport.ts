/**
 * Requests over node:http, since the global `fetch` adds about 90 ms to the start of a process. Follows no redirect.
 * Connections are kept for the next request and hold no process alive.
 */
import type { Agent, IncomingMessage, RequestOptions } from "node:http"
import { createRequire } from "node:module"
import { HalfkeyError } from "@halfkey/core/formats/errors"
import { concatBytes, fromUtf8 } from "@halfkey/core/primitives/bytes"
import type { Transport, TransportRequest, TransportResponse } from "halfkey/secrets"
import { isLocalHost, startServerHint } from "./local-host.ts"

// `import "node:http"` would run every getter of the module, one of which loads WebSockets: 25 ms instead of 3.
const load = createRequire(import.meta.url)

export function nodeTransport(): Transport {
  const agents = new Map<string, Agent>()
  return (request) => {
    const url = new URL(request.url)
    const http: typeof import("node:http") = load(url.protocol === "https:" ? "node:https" : "node:http")
    let agent = agents.get(url.protocol)
    if (agent === undefined) {
      agent = new http.Agent({ keepAlive: true, maxSockets: 4 })
      agents.set(url.protocol, agent)
    }
    return send(http, url, agent, request)
  }
}

function send(
  http: typeof import("node:http"),
  url: URL,
  agent: Agent,
  request: TransportRequest,
): Promise<TransportResponse> {
  const { method, headers, body, signal, maxBytes } = request
  const options: RequestOptions = { method, agent, headers: { ...headers, "accept-encoding": "identity" } }
  return new Promise((resolve, reject) => {
    const fail = (error: unknown) => reject(signal.aborted ? (signal.reason ?? error) : asFailure(error, url))
    const outgoing = http.request(url, options, (answer) => {
      collect(answer, maxBytes).then((text) => {
        resolve({ status: answer.statusCode ?? 0, headers: flat(answer), body: text })
      }, fail)
    })
    outgoing.on("error", fail)
    // By hand: the option `signal` of node:http costs a millisecond at the first use.
    const stop = () => outgoing.destroy(new Error("aborted"))
    signal.addEventListener("abort", stop, { once: true })
    outgoing.on("close", () => signal.removeEventListener("abort", stop))
    if (signal.aborted) stop()
    else outgoing.end(body)
  })
}

/** By events: the first `for await` over a stream costs a start a millisecond. */
function collect(answer: IncomingMessage, maxBytes: number): Promise<string> {
  const parts: Uint8Array[] = []
  let length = 0
  return new Promise((resolve, reject) => {
    answer.on("data", (part: Uint8Array) => {
      length += part.length
      if (length > maxBytes) answer.destroy(invalid(`it is larger than ${maxBytes} bytes`))
      else parts.push(part)
    })
    answer.on("error", reject)
    answer.on("close", () => reject(new Error("the connection ended within an answer")))
    answer.on("end", () => {
      try {
        resolve(fromUtf8(parts.length === 1 && parts[0] ? parts[0] : concatBytes(...parts)))
      } catch {
        reject(invalid("it is no UTF-8"))
      }
    })
  })
}

function flat(answer: IncomingMessage): Record<string, string> {
  const headers: Record<string, string> = {}
  for (const [name, value] of Object.entries(answer.headers)) {
    if (value !== undefined) headers[name] = Array.isArray(value) ? value.join(", ") : value
  }
  return headers
}

function invalid(why: string): HalfkeyError {
  return new HalfkeyError("invalid_response", `the server's answer is malformed: ${why}`, {
    hint: "halfkey doctor",
  })
}

/** Says what to do about the usual reasons. The address is public; nothing of the request is told. */
function asFailure(error: unknown, url: URL): HalfkeyError {
  if (error instanceof HalfkeyError) return error
  const { code } = error as NodeJS.ErrnoException
  const hints: Readonly<Record<string, string>> = {
    ECONNREFUSED: isLocalHost(url.hostname) ? startServerHint : "halfkey doctor",
    EPROTO: "check whether the server speaks http:// or https://: halfkey config explain",
    ENOTFOUND: "check the host name: halfkey config explain",
    DEPTH_ZERO_SELF_SIGNED_CERT: "NODE_EXTRA_CA_CERTS=<file with the authority's certificate>",
    SELF_SIGNED_CERT_IN_CHAIN: "NODE_EXTRA_CA_CERTS=<file with the authority's certificate>",
    UNABLE_TO_VERIFY_LEAF_SIGNATURE: "NODE_EXTRA_CA_CERTS=<file with the authority's certificate>",
    CERT_HAS_EXPIRED: "tell your operator that the certificate has expired",
  }
  const reason = code ?? "the connection broke"
  return new HalfkeyError("server_unreachable", `the server at ${url.origin} cannot be reached: ${reason}`, {
    hint: hints[code ?? ""] ?? "halfkey doctor",
    cause: error,
  })
}
