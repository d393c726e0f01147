/** Answers that the proxy makes up. */
import type { ServerResponse } from "node:http"

export function reply(response: ServerResponse, status: number, contentType: string, body: string): void {
  response.writeHead(status, { "content-type": contentType, "content-length": Buffer.byteLength(body) }).end(body)
}

export function json(response: ServerResponse, status: number, body: unknown): void {
  reply(response, status, "application/json", JSON.stringify(body))
}

/** A problem document (RFC 9457), as the real server would write it. */
export function problem(
  response: ServerResponse,
  status: number,
  code: string,
  detail: string,
  more: object = {},
): void {
  const document = { type: `urn:halfkey:problem:${code}`, title: code, status, detail, code, requestId: "r-1", ...more }
  reply(response, status, "application/problem+json", JSON.stringify(document))
}

/** Bytes as they are, below HTTP's own rules, then the end of the connection. */
export function raw(response: ServerResponse, text: string): void {
  response.socket?.end(text)
}

/** A body that has no end; stops when the client has gone. */
export function endless(response: ServerResponse, contentType: string, piece: string): void {
  response.writeHead(200, { "content-type": contentType })
  const chunk = piece.repeat(Math.ceil(65_536 / piece.length))
  const write = () => {
    while (!response.destroyed && response.write(chunk));
  }
  response.on("drain", write)
  response.on("close", () => response.off("drain", write))
  write()
}
