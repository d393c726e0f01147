/** An HTTP proxy on loopback that stops at one request, so that something can be killed exactly there. */
import { once } from "node:events"
import { Agent, createServer, type IncomingMessage, request, type ServerResponse } from "node:http"
import type { AddressInfo } from "node:net"

/** `under way`: the server has the request, and nobody has its answer. `answered`: the server's answer is in, and goes no further. */
export type Boundary = "under way" | "answered"

export interface Stop {
  /** Counted from 0, of the requests that `counts` is true for. */
  readonly at: number
  readonly boundary: Boundary
  readonly counts: (line: string) => boolean
  /** The answer is lost, and the next request waits for this. */
  readonly then: () => Promise<void>
}

export class BoundaryProxy {
  /** The request that it stopped at, as `PUT /v1/roster`. */
  stoppedAt: string | undefined
  #upstream = ""
  #stop: Stop | undefined
  #counted = 0
  #stopping: Promise<void> = Promise.resolve()
  readonly #server = createServer((incoming, response) => void this.#pass(incoming, response))

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  async start(upstream: string): Promise<void> {
    this.#upstream = upstream
    this.#server.listen(0, "127.0.0.1")
    await once(this.#server, "listening")
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections()
    this.#server.close()
    await once(this.#server, "close")
  }

  /** Stops once; without a stop it passes everything on. */
  listen(stop?: Stop): void {
    this.#stop = stop
    this.#counted = 0
    this.stoppedAt = undefined
  }

  async #pass(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      const body = await bytesOf(incoming)
      await this.#stopping
      const line = `${incoming.method} ${incoming.url}`
      const stop = this.#stopFor(line)
      const answering = this.#forward(incoming, body)
      answering.catch(() => {})
      if (stop !== undefined) {
        if (stop.boundary === "answered") await answering
        this.#stopping = stop.then()
        await this.#stopping
        response.destroy()
        return
      }
      const answer = await answering
      response.writeHead(answer.status, answer.headers).end(answer.body)
    } catch {
      // The server was killed under it.
      response.destroy()
    }
  }

  #stopFor(line: string): Stop | undefined {
    const stop = this.#stop
    if (stop === undefined || !stop.counts(line) || this.#counted++ !== stop.at) return undefined
    this.stoppedAt = line
    this.#stop = undefined
    return stop
  }

  async #forward({ headers, method, url = "" }: IncomingMessage, body: Buffer) {
    const { connection: _, host: __, ...kept } = headers
    const outgoing = request(new URL(url, this.#upstream), {
      method,
      // A connection of its own, so that none is kept to a server that was killed.
      agent: new Agent(),
      headers: { ...kept, "content-length": body.length },
    })
    outgoing.end(body)
    const [answer] = (await once(outgoing, "response")) as [IncomingMessage]
    const { connection: ___, "transfer-encoding": ____, ...own } = answer.headers
    return { status: answer.statusCode ?? 502, headers: own, body: await bytesOf(answer) }
  }
}

async function bytesOf(stream: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const parts: Uint8Array[] = []
  for await (const part of stream) parts.push(part)
  return Buffer.concat(parts)
}
