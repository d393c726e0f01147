/** Another host, where nothing of a client has any business. */
import { once } from "node:events"
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"

export class Elsewhere {
  requests = 0
  readonly #server = createServer((_, response) => {
    this.requests += 1
    response.writeHead(200, { "content-type": "application/json" }).end("{}")
  })

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  async start(): Promise<void> {
    this.#server.listen(0, "127.0.0.1")
    await once(this.#server, "listening")
  }

  async stop(): Promise<void> {
    this.#server.close()
    await once(this.#server, "close")
  }
}
