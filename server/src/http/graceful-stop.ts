/** A server that stops finishes what was asked, and waits for nothing else. */
import type { Socket } from "node:net"
import type { FastifyInstance } from "fastify"

/**
 * When a server stops, Node closes the connections that are between two requests. It waits for one that has not had a first, as
 * browsers and some runtimes open them in advance, for two minutes, and for one whose request is being answered as long as
 * it may be kept alive. Here the former are ended, and the latter are when their answer is out.
 */
export function stopGracefully(app: FastifyInstance, tls: boolean): void {
  const silent = new Set<Socket>()
  let stopping = false
  app.server.on(tls ? "secureConnection" : "connection", (socket: Socket) => {
    if (stopping) return socket.destroy()
    silent.add(socket)
    socket.once("close", () => silent.delete(socket))
    return socket
  })
  app.server.on("request", ({ socket }) => silent.delete(socket))
  app.addHook("onSend", (_request, reply, _payload, done) => {
    if (stopping) reply.header("connection", "close")
    done()
  })
  app.addHook("preClose", async () => {
    stopping = true
    for (const socket of silent) socket.destroy()
  })
}
