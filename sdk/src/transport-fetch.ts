/** The default transport: the runtime's `fetch`. Follows no redirect, since a redirect could take the API key elsewhere. */
import { HalfkeyError } from "@halfkey/core/formats/errors"
import { fromUtf8 } from "@halfkey/core/primitives/bytes"
import { invalidResponse } from "./answer-reader.ts"
import type { Transport, TransportRequest, TransportResponse } from "./transport.ts"

export const fetchTransport: Transport = async (request) => {
  const response = await startFetch(request)
  if (response.type === "opaqueredirect") throw redirectRefused()
  return {
    status: response.status,
    headers: Object.fromEntries(response.headers),
    body: await readBody(response, request.maxBytes),
  }
}

/** Refuses what asks to be looked up elsewhere. */
export function redirectRefused(): HalfkeyError {
  return new HalfkeyError("invalid_response", "the server answered with a redirect, which is not followed", {
    hint: "set CS_ENDPOINT to the address that the server really has",
  })
}

async function startFetch({ method, url, headers, body, signal }: TransportRequest): Promise<Response> {
  try {
    return await fetch(url, { method, headers, signal, redirect: "manual", ...(body !== undefined && { body }) })
  } catch (error) {
    throw unreachable(url, error)
  }
}

async function readBody(response: Response, maxBytes: number): Promise<TransportResponse["body"]> {
  if (response.body === null) return ""
  const chunks: Uint8Array[] = []
  let length = 0
  try {
    for await (const chunk of response.body as AsyncIterable<Uint8Array>) {
      length += chunk.length
      // Leaving the loop cancels the stream.
      if (length > maxBytes) break
      chunks.push(chunk)
    }
  } catch (error) {
    throw unreachable(response.url, error)
  }
  if (length > maxBytes) throw invalidResponse(`it is larger than ${maxBytes} bytes`)
  return decoded(chunks, length)
}

function decoded(chunks: readonly Uint8Array[], length: number): string {
  const bytes = new Uint8Array(length)
  let offset = 0
  for (const chunk of chunks) {
    bytes.set(chunk, offset)
    offset += chunk.length
  }
  try {
    return fromUtf8(bytes)
  } catch {
    throw invalidResponse("it is not UTF-8")
  }
}

/** Says which host and, where the runtime names it, why: `ECONNREFUSED`, `ENOTFOUND`, `CERT_HAS_EXPIRED`. */
function unreachable(url: string, error: unknown): HalfkeyError {
  const code = (error as { cause?: { code?: unknown } })?.cause?.code
  const why = typeof code === "string" && /^[A-Z0-9_]{1,60}$/.test(code) ? ` (${code})` : ""
  const origin = URL.canParse(url) ? new URL(url).origin : "the server"
  return new HalfkeyError("server_unreachable", `no answer from ${origin}${why}`, {
    hint: "is the server running? `npm start` starts one; else check CS_ENDPOINT and the network",
  })
}
