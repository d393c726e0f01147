/** A server in a process of its own on a data directory that outlives it: started, killed, started again. */
import { type ChildProcess, spawn } from "node:child_process"
import { once } from "node:events"
import { join } from "node:path"
import { createInterface } from "node:readline"

/** `halfkey-server` as it is installed: bundled where it was built. */
export const serverProgram = join(import.meta.dirname, "../../server/bin/halfkey-server.js")
/** The same from its sources. */
export const sourceProgram = join(import.meta.dirname, "../../server/src/main.ts")

export interface Ended {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly stderr: string
}

/** Every process that a test started and that runs still: none outlives the test, however it ends. */
const running = new Set<ChildProcess>()
process.on("exit", () => {
  for (const child of running) child.kill("SIGKILL")
})
for (const signal of ["SIGTERM", "SIGINT"] as const) process.once(signal, () => process.exit(1))

/** Nothing here takes long; this only keeps a test from waiting for ever. */
export const patienceMs = 60_000

/** Rejects after a minute, without keeping the process alive for it. */
export function tooLate(what: string): Promise<never> {
  const late = new Promise<never>((_, reject) => {
    setTimeout(() => reject(new Error(`${what} within ${patienceMs / 1000} s`)), patienceMs).unref()
  })
  late.catch(() => {})
  return late
}

/** Remembers a process until it has ended. */
export function track<Child extends ChildProcess>(child: Child): Child {
  running.add(child)
  child.on("exit", () => running.delete(child))
  return child
}

export class ServerProcess {
  readonly dataDirectory: string
  readonly #program: string
  readonly #env: Readonly<Record<string, string>>
  #child: ChildProcess | undefined
  #ended: Promise<Ended> = Promise.resolve({ code: null, signal: null, stderr: "" })
  #origin: string | undefined

  constructor(dataDirectory: string, env: Readonly<Record<string, string>> = {}, program = serverProgram) {
    this.dataDirectory = dataDirectory
    this.#env = env
    this.#program = program
  }

  get databasePath(): string {
    return join(this.dataDirectory, "halfkey.db")
  }

  /** `http://127.0.0.1:port`, or https where a certificate is set, of the process that runs; another port after each start. */
  get origin(): string | undefined {
    return this.#origin
  }

  /** Starts the process and returns at once; `listening` waits for it. */
  launch(): void {
    // Nothing of the caller's own settings: the test says what holds.
    const child = track(
      spawn(process.execPath, [this.#program], {
        env: { HALFKEY_DATA_DIR: this.dataDirectory, HALFKEY_PORT: "0", ...this.#env },
        stdio: ["ignore", "pipe", "pipe"],
      }),
    )
    this.#child = child
    let stderr = ""
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      stderr += text
    })
    this.#ended = once(child, "close").then(([code, signal]) => {
      if (this.#child === child) this.#origin = undefined
      return { code, signal, stderr }
    })
  }

  /** Resolves when the server listens. Throws with its own words when it ended instead. */
  async listening(): Promise<string> {
    const { stdout } = this.#child ?? {}
    if (!stdout) throw new Error("the server was not launched")
    const lines = createInterface({ input: stdout })
    const found = new Promise<string>((resolve) => {
      // Goes on reading, since a full pipe would stop the server.
      lines.on("line", (line) => {
        const origin = /halfkey-server listening on (https?:\/\/127\.0\.0\.1:\d+)/.exec(line)?.[1]
        if (origin !== undefined) resolve(origin)
      })
    })
    const early = this.#ended.then(({ code, signal, stderr }) => {
      throw new Error(`the server did not start (${code ?? signal}): ${stderr}`)
    })
    this.#origin = await Promise.race([found, early, tooLate("the server did not say where it listens")])
    return this.#origin
  }

  async start(): Promise<string> {
    this.launch()
    return await this.listening()
  }

  /** Of the process that runs. */
  get pid(): number {
    const pid = this.#child?.pid
    if (pid === undefined) throw new Error("the server was not launched")
    return pid
  }

  /** How the process ended, once it has. */
  get ended(): Promise<Ended> {
    return this.#ended
  }

  /** Ends it without a chance to finish anything, and waits until it is gone. */
  async kill(): Promise<Ended> {
    return await this.signal("SIGKILL")
  }

  async signal(signal: NodeJS.Signals): Promise<Ended> {
    this.#origin = undefined
    this.#child?.kill(signal)
    return await this.#ended
  }
}
