/** A real HTTP proxy on loopback between real clients and the real server: it tells the truth until it is given a lie. */
import { once } from "node:events"
import { Agent, createServer, type IncomingMessage, request, type ServerResponse } from "node:http"
import type { AddressInfo } from "node:net"
import type { Asked, Lie } from "./attack.ts"
import type { Scene } from "./scene.ts"

interface TrueAnswer {
  readonly status: number
  readonly headers: IncomingMessage["headers"]
  readonly body: Buffer
}

export interface Telling {
  readonly lie: Lie
  readonly scene: Scene
  /** Requests that bring what the call is about, for a lie that names none. */
  readonly to: readonly string[]
}

export class HostileProxy {
  /** Every request since the last `listen`, in order. */
  readonly asked: Asked[] = []
  /** Bodies of true answers since the last `listen`, by request. */
  readonly told: { readonly asked: Asked; readonly body: string }[] = []
  /** How many answers differed from the truth in at least one byte, since the last `listen`. */
  lies = 0
  /** What went wrong in the proxy itself: a lie that could not be told proves nothing. */
  problem: unknown
  readonly #server = createServer((incoming, response) => void this.#answer(incoming, response))
  readonly #agent = new Agent({ keepAlive: true })
  #upstream: URL | undefined
  #telling: Telling | undefined

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  get isLying(): boolean {
    return this.#telling !== undefined
  }

  async start(upstream: string): Promise<void> {
    this.#upstream = new URL(upstream)
    this.#server.listen(0, "127.0.0.1")
    await once(this.#server, "listening")
  }

  async stop(): Promise<void> {
    this.#agent.destroy()
    this.#server.closeAllConnections()
    this.#server.close()
    await once(this.#server, "close")
  }

  /** Forgets what was recorded; from now on it tells this lie, or the truth. */
  listen(telling?: Telling): void {
    this.#telling = telling
    this.asked.length = 0
    this.told.length = 0
    this.lies = 0
    this.problem = undefined
  }

  async #answer(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      const { headers, method = "", url: path = "" } = incoming
      const asked = { method, path, headers, body: (await bytesOf(incoming)).toString("utf8") }
      this.asked.push(asked)
      const telling = this.#lieFor(asked)
      if (telling?.lie.instead !== undefined) {
        this.lies += 1
        telling.lie.instead(response, telling.scene, asked)
        return
      }
      const answer = await this.#forward(asked, this.#telling !== undefined)
      this.told.push({ asked, body: answer.body.toString("utf8") })
      const body = telling === undefined ? answer.body : await rewritten(answer, telling, asked)
      if (!body.equals(answer.body)) this.lies += 1
      const { "content-length": _, "transfer-encoding": __, connection: ___, ...kept } = answer.headers
      // No body, no length: 204 has neither.
      const length = body.length > 0 ? { "content-length": body.length } : {}
      response.writeHead(answer.status, { ...kept, ...length }).end(body)
    } catch (error) {
      this.problem ??= error
      response.destroy()
    }
  }

  #lieFor({ method, path }: Asked): Telling | undefined {
    const telling = this.#telling
    if (telling === undefined || this.lies >= (telling.lie.times ?? Number.POSITIVE_INFINITY)) return undefined
    const to = telling.lie.to ?? telling.to
    return to.some((beginning) => `${method} ${path}`.startsWith(beginning)) ? telling : undefined
  }

  /** The real server's answer. A liar acts as if it had not heard what the client knows, so that there is more to lie about. */
  async #forward({ body, headers, method, path }: Asked, forgetful: boolean): Promise<TrueAnswer> {
    const asked = forgetful ? withoutKnownHashes(body) : body
    const { "content-length": _, connection: __, host: ___, ...kept } = headers
    const outgoing = request(new URL(path, this.#upstream), {
      method,
      agent: this.#agent,
      headers: { ...kept, "accept-encoding": "identity", "content-length": Buffer.byteLength(asked) },
    })
    outgoing.end(asked)
    const [answer] = (await once(outgoing, "response")) as [IncomingMessage]
    return { status: answer.statusCode ?? 0, headers: answer.headers, body: await bytesOf(answer) }
  }
}

async function rewritten(answer: TrueAnswer, { lie, scene }: Telling, asked: Asked): Promise<Buffer> {
  // A refusal is the truth about something else.
  if (answer.status >= 400) return answer.body
  const body = answer.body.toString("utf8")
  if (lie.text !== undefined) return Buffer.from(lie.text(body, scene))
  const json: unknown = JSON.parse(body)
  await lie.json?.(json, scene, asked)
  return Buffer.from(JSON.stringify(json))
}

function withoutKnownHashes(body: string): string {
  if (!body.includes('"known"')) return body
  const { known: { rosterHash: _, manifestHash: __, ...known } = {}, ...rest } = JSON.parse(body)
  return JSON.stringify({ ...rest, known })
}

async function bytesOf(stream: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const parts: Uint8Array[] = []
  for await (const part of stream) parts.push(part)
  return Buffer.concat(parts)
}
