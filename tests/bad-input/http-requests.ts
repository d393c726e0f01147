/** Requests byte by byte, as no decent client would send them. */
import { once } from "node:events"
import { connect, type Socket } from "node:net"
import { patienceMs } from "../crash/server-process.ts"

export interface RawAnswer {
  /** `undefined` when the connection was closed without an answer. */
  readonly status: number | undefined
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

/** Text goes out as UTF-8; several pieces one after the other. */
export type Piece = string | Uint8Array

/** Sends bytes over a connection of its own, and reads until the server closes it. */
export async function sendRaw(origin: string, ...pieces: readonly Piece[]): Promise<RawAnswer> {
  const socket = await open(origin)
  for (const piece of pieces) socket.write(piece)
  return parsed(await readAll(socket))
}

export async function open(origin: string): Promise<Socket> {
  const { hostname, port } = new URL(origin)
  const socket = connect({ port: Number(port), host: hostname, timeout: patienceMs })
  socket.on("timeout", () => socket.destroy(new Error("the server neither answers nor closes")))
  await once(socket, "connect")
  return socket
}

/** Everything until the other side closes; a reset counts as a close. */
export async function readAll(socket: Socket): Promise<string> {
  let text = ""
  socket.setEncoding("utf8").on("data", (part: string) => {
    text += part
  })
  let silent = false
  socket.on("error", ({ message }) => {
    silent ||= message.includes("neither answers nor closes")
  })
  if (!socket.closed) await once(socket, "close")
  if (silent) throw new Error("the server neither answers nor closes")
  return text
}

export function parsed(text: string): RawAnswer {
  const end = text.indexOf("\r\n\r\n")
  const [first = "", ...lines] = text.slice(0, Math.max(0, end)).split("\r\n")
  const status = /^HTTP\/1\.1 (\d{3})/.exec(first)?.[1]
  const headers = lines.map((line) => /^([^:]+):\s*(.*)$/.exec(line) ?? [])
  return {
    status: status === undefined ? undefined : Number(status),
    headers: Object.fromEntries(headers.map(([, name = "", value = ""]) => [name.toLowerCase(), value])),
    body: text.slice(end + 4),
  }
}

export interface Request {
  readonly method?: string
  /** Goes out as it is. */
  readonly path: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: Piece
}

/** A whole request whose length is told truly. */
export function request({ body, headers = {}, method = "GET", path }: Request): Uint8Array {
  const length = body === undefined ? {} : { "content-length": String(Buffer.byteLength(body)) }
  const lines = Object.entries({ host: "127.0.0.1", connection: "close", ...length, ...headers })
  const head = [`${method} ${path} HTTP/1.1`, ...lines.map(([name, value]) => `${name}: ${value}`)].join("\r\n")
  return Buffer.concat([Buffer.from(`${head}\r\n\r\n`), Buffer.from(body ?? "")])
}
