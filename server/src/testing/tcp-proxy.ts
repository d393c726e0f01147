/** A TCP proxy on loopback before a database: a network that can be cut, with or without anybody noticing. */
import { once } from "node:events"
import { type AddressInfo, connect, createServer, type Socket } from "node:net"

export class TcpProxy {
  readonly #target: number
  readonly #sockets = new Set<Socket>()
  #isSilent = false
  readonly #server = createServer((near) => this.#join(near))

  private constructor(target: number) {
    this.#target = target
  }

  static async start(context: { after(end: () => void): void }, target: number): Promise<TcpProxy> {
    const proxy = new TcpProxy(target)
    proxy.#server.listen(0, "127.0.0.1")
    await once(proxy.#server, "listening")
    context.after(() => {
      proxy.cut()
      proxy.#server.close()
    })
    return proxy
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port
  }

  /** Swallows everything from now on; nobody is told. */
  silence(): void {
    this.#isSilent = true
    for (const socket of this.#sockets) socket.pause()
  }

  /** Ends every connection; new ones pass again. */
  cut(): void {
    this.#isSilent = false
    for (const socket of this.#sockets) socket.destroy()
  }

  #join(near: Socket): void {
    const far = connect(this.#target, "127.0.0.1")
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      this.#sockets.add(from)
      from.on("data", (bytes) => to.write(bytes))
      from.on("error", () => to.destroy())
      from.on("close", () => {
        this.#sockets.delete(from)
        to.destroy()
      })
      if (this.#isSilent) from.pause()
    }
  }
}
