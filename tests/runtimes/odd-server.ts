/** A server that answers as a broken or lying one can, for what each runtime's `fetch` makes of it. */
import { once } from "node:events"
import { createServer, type Server } from "node:http"

/** What is asked below a path gets the answer of that path. */
const answers = {
  /** Somewhere else, where the API key would go as well. */
  redirect: "invalid_response",
  /** More than any answer may have. */
  endless: "invalid_response",
  /** Half of it, then nothing. */
  torn: "server_unreachable",
  /** Bytes that are no text. */
  binary: "invalid_response",
} as const

export interface OddServer {
  /** Endpoints with the code of the failure that each must give. */
  readonly endpoints: Readonly<Record<string, string>>
  readonly port: string
  close(): void
}

export async function oddServer(): Promise<OddServer> {
  const server: Server = createServer((request, response) => {
    request.resume()
    response.on("error", () => {})
    switch (request.url?.split("/")[1]) {
      case "redirect":
        response.writeHead(307, { location: `/elsewhere${request.url}` }).end()
        return
      case "endless":
        response.writeHead(200, { "content-type": "application/json" })
        response.on("drain", () => response.write(Buffer.alloc(1_000_000, " "))).write(Buffer.alloc(1_000_000, " "))
        return
      case "torn":
        response.writeHead(200, { "content-type": "application/json", "content-length": "100" }).write("{")
        setImmediate(() => response.destroy())
        return
      case "binary":
        response.writeHead(200, { "content-type": "application/json" }).end(Buffer.of(0xff, 0xfe))
        return
      default:
        response.writeHead(500).end("followed")
    }
  }).listen(0, "127.0.0.1")
  await once(server, "listening")
  const address = server.address()
  const port = typeof address === "object" && address !== null ? `${address.port}` : "0"
  const endpoints = Object.entries(answers).map(([path, code]) => [`http://127.0.0.1:${port}/${path}`, code])
  const close = () => {
    server.closeAllConnections()
    server.close()
  }
  return { endpoints: Object.fromEntries(endpoints), port, close }
}
