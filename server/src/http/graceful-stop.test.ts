import assert from "node:assert/strict"
import { once } from "node:events"
import { connect as connectPlain } from "node:net"
import { test } from "node:test"
import { connect as connectTls } from "node:tls"
import { type FastifyInstance, fastify } from "fastify"
import { certificate, certificateKey } from "../testing/certificate.ts"
import { stopGracefully } from "./graceful-stop.ts"

for (const tls of [false, true]) {
  test(`${tls ? "TLS" : "plain"} connections without a request do not keep a server from stopping, one with a request is answered`, async () => {
    const https = tls ? { https: { cert: certificate, key: certificateKey } } : {}
    const app = fastify({ ...https, forceCloseConnections: "idle" }) as unknown as FastifyInstance
    stopGracefully(app, tls)
    let begun = () => {}
    const asked = new Promise<void>((resolve) => {
      begun = resolve
    })
    let answer = () => {}
    const mayAnswer = new Promise<void>((resolve) => {
      answer = resolve
    })
    app.get("/slow", async () => {
      begun()
      await mayAnswer
      return "finished"
    })
    await app.listen({ host: "127.0.0.1", port: 0 })
    const { port } = app.server.address() as { port: number }
    const open = async () => {
      const socket = tls
        ? connectTls({ host: "127.0.0.1", port, rejectUnauthorized: false })
        : connectPlain({ host: "127.0.0.1", port })
      await once(socket, tls ? "secureConnect" : "connect")
      return socket
    }
    const [silent, busy] = [await open(), await open()]
    silent.on("error", () => {})
    const silentEnded = once(silent, "close")
    let said = ""
    busy.setEncoding("utf8").on("data", (text: string) => {
      said += text
    })
    const busyEnded = once(busy, "close")
    busy.write("GET /slow HTTP/1.1\r\nHost: x\r\n\r\n")
    await asked
    const closed = app.close()
    await silentEnded
    answer()
    await closed
    await busyEnded
    assert.match(said, /^HTTP\/1\.1 200 [\s\S]*finished$/)
  })
}
