/** Starts the load generator and gives it orders. */
import { type ChildProcess, fork } from "node:child_process"
import { join } from "node:path"
import { endWithBench } from "./leftovers.ts"

export interface LoadOrder {
  readonly port: number
  readonly connections: number
  readonly seconds: number
  /** A whole HTTP/1.1 request. With `random`, a random number takes the place of the placeholder in each that is sent. */
  readonly request: string
  readonly random?: { readonly placeholder: string; readonly below: number }
  /** Of a flood: answers of every status count. */
  readonly isRefused?: boolean
}

export interface LoadResult {
  /** Answers per second, all of status 200 unless they are of a flood. */
  readonly perSecond: number
  /** Milliseconds. */
  readonly p50: number
  readonly p99: number
  readonly count: number
  /** CPU seconds of the generator for each second: near 1, it is the bottleneck. */
  readonly generatorLoad: number
}

export class LoadGenerator {
  readonly #child: ChildProcess

  constructor() {
    this.#child = fork(join(import.meta.dirname, "load-process.ts"), [], { serialization: "advanced" })
    endWithBench(this.#child)
  }

  /** Throws when any answer is not 200, or a connection breaks. */
  run(order: LoadOrder): Promise<LoadResult> {
    const child = this.#child
    return new Promise((resolve, reject) => {
      const onExit = (code: number | null) => reject(new Error(`the load generator ended with ${code}`))
      child.once("exit", onExit)
      child.once("message", (result: LoadResult | { readonly error: string }) => {
        child.off("exit", onExit)
        if ("error" in result) reject(new Error(`load generator: ${result.error}`))
        else resolve(result)
      })
      child.send(order)
    })
  }

  stop(): void {
    this.#child.kill()
  }
}

/** A request as bytes on the wire. */
export function requestText(path: string, headers: Readonly<Record<string, string>>, body: string): string {
  const lines = Object.entries({ host: "127.0.0.1", ...headers, "content-length": String(Buffer.byteLength(body)) })
  return `POST ${path} HTTP/1.1\r\n${lines.map(([name, value]) => `${name}: ${value}\r\n`).join("")}\r\n${body}`
}
