// The baseline of the HTTP rows, in a process of its own: the server's own version of Fastify, that parses the body of
// each request and sends recorded bytes. Whatever the server does beyond this is what the ratio shows.
import { createRequire } from "node:module"
import type { Recording } from "./server-process.ts"

const require = createRequire(new URL("../server/package.json", import.meta.url))
const { fastify }: typeof import("fastify") = require("fastify")

process.once("message", async ({ body, headers, path }: Recording) => {
  const app = fastify()
  app.post(path, (request, reply) => {
    if (typeof request.body !== "object") throw new Error("the body was not parsed")
    return reply.headers(headers).send(body)
  })
  const address = await app.listen({ host: "127.0.0.1", port: 0 })
  process.send?.({ port: Number(new URL(address).port) })
})
