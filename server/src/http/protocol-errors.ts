/** Answers to what is no HTTP request at all, before there is a request that routes and hooks could see. */
import type { ServerResponse } from "node:http"
import type { Duplex } from "node:stream"
import { HalfkeyError } from "@halfkey/core/formats/errors"
import { problemCodes } from "@halfkey/core/formats/problem-codes"
import { problemContentType, requestIdHeader } from "@halfkey/core/wire/problem"
import { problemOf } from "./problems.ts"

/** Node's own error may quote what was sent, so only its code is looked at. */
function errorFor(code: string | undefined): HalfkeyError {
  if (code === "HPE_HEADER_OVERFLOW") {
    return new HalfkeyError("payload_too_large", "the address and the headers of the request are too large")
  }
  if (code === "ERR_HTTP_REQUEST_TIMEOUT") {
    return new HalfkeyError("invalid_request", "the request did not arrive in time", {
      hint: "send it again, over a connection that is not interrupted",
    })
  }
  return new HalfkeyError("invalid_request", "this is no HTTP/1.1 request", {
    hint: "check http:// or https:// of the address, and whatever stands between",
  })
}

/**
 * Whether a request that arrived in full before waits for its answer: it would take this refusal for its own, though it
 * may have been done. Node's own handler looks at the same property.
 */
function isAwaited(socket: Duplex): boolean {
  const { _httpMessage: answer } = socket as { _httpMessage?: ServerResponse | null }
  return answer != null && (answer.headersSent || answer.req.complete)
}

/** Sends a problem document, if there is somebody to send it to, and closes the connection. */
export function refuseConnection(code: string | undefined, socket: Duplex, requestId: string): void {
  if (code === "ECONNRESET" || !socket.writable || isAwaited(socket)) {
    socket.destroy()
    return
  }
  const error = errorFor(code)
  const body = JSON.stringify(problemOf(error, requestId))
  const { status, title } = problemCodes[error.code]
  const head = [
    `HTTP/1.1 ${status} ${title}`,
    "connection: close",
    "cache-control: no-store",
    "x-content-type-options: nosniff",
    `${requestIdHeader}: ${requestId}`,
    `content-type: ${problemContentType}; charset=utf-8`,
    `content-length: ${Buffer.byteLength(body)}`,
  ]
  socket.end(`${head.join("\r\n")}\r\n\r\n${body}`)
}
