/** What stands before the replicas: each connection goes to the next of them that takes one. */
import { once } from "node:events"
import { type AddressInfo, connect, createServer, type Socket } from "node:net"

export class Balancer {
  readonly #ports: () => readonly number[]
  readonly #sockets = new Set<Socket>()
  #next = 0
  readonly #server = createServer((near) => this.#join(near, this.#ports().length))

  /** `ports`: of the replicas that are there now. */
  constructor(ports: () => readonly number[]) {
    this.#ports = ports
  }

  async start(): Promise<void> {
    this.#server.listen(0, "127.0.0.1")
    await once(this.#server, "listening")
  }

  stop(): void {
    for (const socket of this.#sockets) socket.destroy()
    this.#server.close()
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  #join(near: Socket, tries: number): void {
    const ports = this.#ports()
    const port = ports[this.#next++ % ports.length]
    if (port === undefined || tries === 0) {
      near.destroy()
      return
    }
    const far = connect(port, "127.0.0.1")
    const again = () => this.#join(near, tries - 1)
    far.once("error", again)
    far.once("connect", () => {
      far.off("error", again)
      for (const [from, to] of [
        [near, far],
        [far, near],
      ] as const) {
        this.#sockets.add(from)
        from.on("error", () => to.destroy())
        from.on("close", () => {
          this.#sockets.delete(from)
          to.destroy()
        })
        from.pipe(to)
      }
    })
  }
}
