// The load generator, in a process of its own: sends one request after the other over a few kept connections, and
// measures each. Written on bare sockets, since a generator that is slower than the server measures itself.
import { connect, type Socket } from "node:net"
import type { LoadOrder, LoadResult } from "./load.ts"

const headEnd = Buffer.from("\r\n\r\n")

process.on("message", (order: LoadOrder) => {
  run(order).then(
    (result) => process.send?.(result),
    (error) => process.send?.({ error: String(error) }),
  )
})

async function run({ connections, isRefused = false, port, random, request, seconds }: LoadOrder): Promise<LoadResult> {
  const make = requestMaker(request, random)
  const latencies: number[] = []
  const cpu = process.cpuUsage()
  const start = performance.now()
  const end = start + seconds * 1000
  await Promise.all(
    Array.from({ length: connections }, () => {
      const socket = connect({ port, host: "127.0.0.1", noDelay: true })
      return exchange(socket, () => (performance.now() < end ? make() : undefined), latencies, isRefused)
    }),
  )
  const elapsed = (performance.now() - start) / 1000
  const { system, user } = process.cpuUsage(cpu)
  const sorted = Float64Array.from(latencies).sort()
  const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0
  return {
    perSecond: latencies.length / elapsed,
    p50: at(0.5),
    p99: at(0.99),
    count: latencies.length,
    // Near 1 the generator is what was measured.
    generatorLoad: (user + system) / 1e6 / elapsed,
  }
}

/** The number is as wide as the placeholder, with zeros in front, so that the length of the body stays what it says. */
function requestMaker(request: string, random: LoadOrder["random"]): () => Buffer {
  const bytes = Buffer.from(request)
  if (random === undefined) return () => bytes
  const { below, placeholder } = random
  const place = request.indexOf(placeholder)
  if (place < 0) throw new Error("the placeholder does not occur in the request")
  return () => {
    const copy = Buffer.from(bytes)
    copy.write(String(Math.floor(Math.random() * below)).padStart(placeholder.length, "0"), place, "latin1")
    return copy
  }
}

/** One connection: a request at a time, until `nextRequest` has no more. */
function exchange(
  socket: Socket,
  nextRequest: () => Buffer | undefined,
  latencies: number[],
  isRefused: boolean,
): Promise<void> {
  return new Promise((resolve, reject) => {
    let sentAt = 0
    let awaited = 0
    let head: Buffer = Buffer.alloc(0)
    const send = () => {
      const request = nextRequest()
      if (request === undefined) {
        socket.destroy()
        resolve()
        return
      }
      sentAt = performance.now()
      socket.write(request)
    }
    socket.on("connect", send)
    socket.on("error", reject)
    socket.on("close", () => reject(new Error("the server closed a connection")))
    socket.on("data", (chunk) => {
      if (awaited > 0) {
        awaited -= chunk.length
      } else {
        head = head.length === 0 ? chunk : Buffer.concat([head, chunk])
        const bodyStart = head.indexOf(headEnd) + headEnd.length
        if (bodyStart < headEnd.length) return
        const text = head.toString("latin1", 0, bodyStart)
        if (!isRefused && !text.startsWith("HTTP/1.1 200"))
          return reject(new Error(`answered ${text.slice(0, text.indexOf("\r"))}`))
        const bodyLength = /\r\ncontent-length: (\d+)/i.exec(text)?.[1]
        if (bodyLength === undefined) return reject(new Error("an answer without content-length"))
        awaited = Number(bodyLength) - (head.length - bodyStart)
        head = head.subarray(0, 0)
      }
      if (awaited > 0) return
      latencies.push(performance.now() - sentAt)
      send()
    })
  })
}
