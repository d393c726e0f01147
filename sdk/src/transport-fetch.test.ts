import assert from "node:assert/strict"
import { once } from "node:events"
import { createServer, type RequestListener } from "node:http"
import { connect } from "node:net"
import { type TestContext, test } from "node:test"
import { gzipSync } from "node:zlib"
import { fetchTransport } from "./transport-fetch.ts"

/** A server for one test; answers with its address. */
async function serve(t: TestContext, listener: RequestListener): Promise<string> {
  const server = createServer(listener).listen(0, "127.0.0.1")
  await once(server, "listening")
  t.after(() => {
    server.closeAllConnections()
    server.close()
  })
  const address = server.address()
  assert.ok(typeof address === "object" && address)
  return `http://127.0.0.1:${address.port}`
}

function send(url: string, more: { body?: string; signal?: AbortSignal; maxBytes?: number } = {}) {
  const { maxBytes = 1000, signal = new AbortController().signal, ...body } = more
  return fetchTransport({
    method: body.body === undefined ? "GET" : "POST",
    url,
    headers: { "x-a": "1" },
    signal,
    maxBytes,
    ...body,
  })
}

test("request and answer pass unchanged, a refusal too", async (t) => {
  const url = await serve(t, async (request, response) => {
    let body = ""
    for await (const chunk of request) body += chunk
    response.writeHead(409, { "Content-Type": "application/json", "X-Echo": request.headers["x-a"] })
    response.end(`${request.method} ${request.url} ${body}`)
  })
  const response = await send(`${url}/a%2Fb?c=d`, { body: "é" })
  assert.equal(response.status, 409)
  assert.equal(response.headers["x-echo"], "1")
  assert.equal(response.body, "POST /a%2Fb?c=d é")
})

test("a redirect is not followed", async (t) => {
  let asked = 0
  const url = await serve(t, (_, response) => {
    asked += 1
    response.writeHead(307, { location: "/elsewhere" }).end()
  })
  const response = await send(url)
  assert.equal(response.status, 307)
  assert.equal(asked, 1)
})

test("an answer that is too large is refused, also where it is small on the way", async (t) => {
  const url = await serve(t, (request, response) => {
    const large = Buffer.alloc(1_000_000, "a")
    if (request.url === "/zip") response.writeHead(200, { "content-encoding": "gzip" }).end(gzipSync(large))
    else response.end(large)
  })
  await assert.rejects(send(`${url}/`), { code: "invalid_response" })
  await assert.rejects(send(`${url}/zip`), { code: "invalid_response" })
  assert.equal((await send(`${url}/zip`, { maxBytes: 1_000_000 })).body.length, 1_000_000)
})

test("an answer that is no text, or breaks off, is refused", async (t) => {
  const url = await serve(t, (request, response) => {
    if (request.url === "/text") return response.end(Buffer.from([0xff, 0xfe]))
    response.writeHead(200, { "content-length": "100" }).write("part")
    return setImmediate(() => response.destroy())
  })
  await assert.rejects(send(`${url}/text`), { code: "invalid_response" })
  await assert.rejects(send(`${url}/part`), { code: "server_unreachable" })
})

test("a server that is away is named, with the reason that the system gives", async (t) => {
  const url = await serve(t, () => undefined)
  const { port } = new URL(url)
  const closed = await freePort(Number(port))
  await assert.rejects(
    send(`http://127.0.0.1:${closed}/secret?token=CANARY`),
    (error: Error & { code?: string; hint?: string }) => {
      assert.equal(error.code, "server_unreachable")
      assert.equal(error.message, `no answer from http://127.0.0.1:${closed} (ECONNREFUSED)`)
      assert.match(error.hint ?? "", /npm start/)
      return true
    },
  )
})

test("an aborted request ends", async (t) => {
  const url = await serve(t, () => undefined)
  const controller = new AbortController()
  const sending = send(url, { signal: controller.signal })
  controller.abort()
  await assert.rejects(sending)
})

/** A port that nobody listens on. */
async function freePort(besides: number): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1")
  await once(server, "listening")
  const address = server.address()
  assert.ok(typeof address === "object" && address && address.port !== besides)
  server.close()
  await once(server, "close")
  const probe = connect(address.port, "127.0.0.1")
  await once(probe, "error")
  return address.port
}
