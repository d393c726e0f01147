// The baseline of the HTTP rows, in a process of its own: the server's own version of Fastify, that parses the body of
// each request and sends recorded bytes. Whatever the server does beyond this is what the ratio shows. Plain JavaScript,
// like the bundled server: stripping types at run time would take memory of its own.
import { createRequire } from "node:module"

const fromServer = createRequire(new URL("../server/package.json", import.meta.url))
const { fastify } = fromServer("fastify")

/**
 * @typedef {{ readonly body: unknown }} Request
 * @typedef {{ headers(headers: object): { send(body: Uint8Array): unknown } }} Reply
 */

process.once("message", async (/** @type {import("./server-process.ts").Recording} */ { body, headers, path }) => {
  const app = fastify()
  app.post(path, (/** @type {Request} */ request, /** @type {Reply} */ reply) => {
    if (typeof request.body !== "object") throw new Error("the body was not parsed")
    return reply.headers(headers).send(body)
  })
  const address = await app.listen({ host: "127.0.0.1", port: 0 })
  process.send?.({ port: Number(new URL(address).port) })
})
