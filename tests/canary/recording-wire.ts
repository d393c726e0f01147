/** A wire to the server that keeps every byte, in both directions, as the server's side of the network sees it. */
import { once } from "node:events"
import { type AddressInfo, connect, createServer, type Socket } from "node:net"

export class RecordingWire {
  /** Called for each connection, while the process behind it waits. */
  onConnection: () => void = () => undefined
  readonly #chunks: { readonly connection: number; readonly from: "client" | "server"; readonly bytes: Buffer }[] = []
  readonly #sockets = new Set<Socket>()
  #connections = 0
  #upstream = 0
  readonly #server = createServer((client) => {
    const connection = ++this.#connections
    this.onConnection()
    const server = connect(this.#upstream, "127.0.0.1")
    for (const [from, socket, other] of [
      ["client", client, server],
      ["server", server, client],
    ] as const) {
      this.#sockets.add(socket)
      socket.on("data", (bytes) => {
        this.#chunks.push({ connection, from, bytes })
        other.write(bytes)
      })
      socket.on("end", () => other.end())
      socket.on("error", () => other.destroy())
      socket.on("close", () => this.#sockets.delete(socket))
    }
  })

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  async start(upstream: string): Promise<void> {
    this.#upstream = Number(new URL(upstream).port)
    this.#server.listen(0, "127.0.0.1")
    await once(this.#server, "listening")
  }

  async stop(): Promise<void> {
    if (!this.#server.listening) return
    for (const socket of this.#sockets) socket.destroy()
    this.#server.close()
    await once(this.#server, "close")
  }

  /** Everything that went one way, connection by connection, so that nothing is cut by the other way's bytes. */
  recorded(from: "client" | "server"): Buffer {
    const own = this.#chunks.filter((chunk) => chunk.from === from)
    const numbers = [...new Set(own.map(({ connection }) => connection))]
    return Buffer.concat(
      numbers.flatMap((number) => own.filter(({ connection }) => connection === number).map(({ bytes }) => bytes)),
    )
  }
}
