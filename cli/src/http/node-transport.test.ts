import assert from "node:assert/strict"
import { once } from "node:events"
import { createServer, type IncomingMessage, type ServerResponse } from "node:http"
import type { AddressInfo } from "node:net"
import { type TestContext, test } from "node:test"
import type { TransportRequest } from "halfkey/secrets"
import { nodeTransport } from "./node-transport.ts"

type Handler = (request: IncomingMessage, response: ServerResponse) => void

async function served(t: TestContext, handler: Handler): Promise<TransportRequest> {
  const server = createServer(handler).listen(0, "127.0.0.1")
  await once(server, "listening")
  t.after(() => {
    server.closeAllConnections()
    server.close()
  })
  const { port } = server.address() as AddressInfo
  const { signal } = new AbortController()
  return {
    method: "POST",
    url: `http://127.0.0.1:${port}/path?a=b`,
    headers: { "x-test": "1" },
    body: "body",
    signal,
    maxBytes: 1000,
  }
}

test("sends method, path, headers and body, and gives status, headers and body", async (t) => {
  const request = await served(t, async (incoming, response) => {
    let body = ""
    for await (const part of incoming.setEncoding("utf8")) body += part
    const { method, url, headers } = incoming
    response.writeHead(418, { "content-type": "application/json", "set-cookie": ["a", "b"] })
    response.end(JSON.stringify({ method, url, header: headers["x-test"], body }))
  })
  const answer = await nodeTransport()(request)
  assert.equal(answer.status, 418)
  assert.equal(answer.headers["content-type"], "application/json")
  assert.equal(answer.headers["set-cookie"], "a, b")
  assert.deepEqual(JSON.parse(answer.body), { method: "POST", url: "/path?a=b", header: "1", body: "body" })
})

test("follows no redirect", async (t) => {
  let requests = 0
  const request = await served(t, (_, response) => {
    requests++
    response.writeHead(302, { location: "/elsewhere" }).end()
  })
  assert.equal((await nodeTransport()(request)).status, 302)
  assert.equal(requests, 1)
})

test("keeps the connection for the next request", async (t) => {
  const ports = new Set<number | undefined>()
  const request = await served(t, ({ socket }, response) => {
    ports.add(socket.remotePort)
    response.end("ok")
  })
  const transport = nodeTransport()
  for (let count = 0; count < 3; count++) assert.equal((await transport(request)).body, "ok")
  assert.equal(ports.size, 1)
})

test("takes as much as was allowed, and refuses one byte more", async (t) => {
  let size = 1000
  const request = await served(t, (_, response) => response.end("x".repeat(size)))
  assert.equal((await nodeTransport()(request)).body.length, 1000)
  size = 1001
  await assert.rejects(nodeTransport()(request), { code: "invalid_response", message: /it is larger than 1000 bytes/ })
})

test("characters that are cut in two arrive whole, and what is no UTF-8 is refused", async (t) => {
  let halves = [Buffer.of(0xc3), Buffer.of(0xa4)]
  const request = await served(t, (_, response) => {
    response.write(halves[0])
    setImmediate(() => response.end(halves[1]))
  })
  assert.equal((await nodeTransport()(request)).body, "ä")
  halves = [Buffer.of(0xc3), Buffer.of(0x28)]
  await assert.rejects(nodeTransport()(request), { code: "invalid_response", message: /it is no UTF-8/ })
})

test("an answer that ends too early is no answer", async (t) => {
  const request = await served(t, ({ socket }, response) => {
    response.writeHead(200, { "content-length": "10" })
    response.write("half")
    setImmediate(() => socket.destroy())
  })
  await assert.rejects(nodeTransport()(request), { code: "server_unreachable" })
})

test("gives up when the signal says so, before and during a request", async (t) => {
  const controller = new AbortController()
  const request = { ...(await served(t, () => controller.abort())), signal: controller.signal }
  await assert.rejects(nodeTransport()(request), { name: "AbortError" })
  await assert.rejects(nodeTransport()(request), { name: "AbortError" })
})

test("a server that is away is told by its address, without what was sent", async () => {
  const { signal } = new AbortController()
  const request = {
    method: "GET",
    url: "http://127.0.0.1:1/canary",
    headers: { authorization: "canary" },
    signal,
    maxBytes: 1,
  }
  await assert.rejects(nodeTransport()(request), (error: Error & { hint?: string }) => {
    assert.equal(error.message, "the server at http://127.0.0.1:1 cannot be reached: ECONNREFUSED")
    assert.equal(error.hint, "halfkey up   (in the directory where it was first started: its data is there)")
    return true
  })
})
