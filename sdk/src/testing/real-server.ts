/** The real server in a process of its own, with its data in a temporary directory: it can be killed and started again. */
import { type ChildProcess, execFile, spawn } from "node:child_process"
import { once } from "node:events"
import { cpSync, mkdtempSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { createInterface } from "node:readline"
import { promisify } from "node:util"

const program = join(import.meta.dirname, "../../../server/bin/halfkey-server.js")

export class RealServer {
  /** Its data: database, root key, setup token. */
  readonly directory = mkdtempSync(join(tmpdir(), "halfkey-sdk-"))
  readonly #env: Readonly<Record<string, string>>
  #child: ChildProcess | undefined
  #port = 0

  constructor(env: Readonly<Record<string, string>> = {}) {
    this.#env = env
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}`
  }

  get dataDirectory(): string {
    return this.directory
  }

  get setupToken(): string {
    return readFileSync(join(this.directory, "setup-token"), "utf8").trim()
  }

  /** Starts, or starts again on the same data and port. */
  async start(): Promise<void> {
    const child = spawn(process.execPath, [program], {
      env: { ...this.#env, HALFKEY_DATA_DIR: this.directory, HALFKEY_PORT: String(this.#port) },
      stdio: ["ignore", "pipe", "pipe"],
    })
    this.#child = child
    let said = ""
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      said += text
    })
    for await (const line of createInterface({ input: child.stdout })) {
      const port = /listening on http:\/\/127\.0\.0\.1:(\d+)/.exec(line)?.[1]
      if (port === undefined) continue
      this.#port = Number(port)
      // Nobody reads on, so the pipe must not fill up.
      child.stdout.resume()
      return
    }
    throw new Error(`the server did not start: ${said}`)
  }

  /** Ends the process without a chance to finish anything. */
  async kill(): Promise<void> {
    await this.#end("SIGKILL")
  }

  /** What an operator types: `halfkey-server …`, with the server down meanwhile. */
  async command(...words: readonly string[]): Promise<void> {
    await this.#end("SIGTERM")
    await promisify(execFile)(process.execPath, [program, ...words], { env: { HALFKEY_DATA_DIR: this.directory } })
    await this.start()
  }

  /** With nothing but a new setup token. */
  async startAnew(): Promise<void> {
    await this.#end("SIGTERM")
    rmSync(this.directory, { recursive: true, force: true })
    await this.start()
  }

  /** Shut down, copied, and started again: what a careful operator does every night. Returns the directory of the copy. */
  async backUp(): Promise<string> {
    const copy = mkdtempSync(join(tmpdir(), "halfkey-backup-"))
    await this.#end("SIGTERM")
    cpSync(this.directory, copy, { recursive: true })
    await this.start()
    return copy
  }

  /** Puts a copy in the place of everything that happened since, and starts on it. */
  async restore(copy: string): Promise<void> {
    await this.#end("SIGTERM")
    rmSync(this.directory, { recursive: true, force: true })
    cpSync(copy, this.directory, { recursive: true })
    await this.start()
  }

  async stop(): Promise<void> {
    await this.#end("SIGTERM")
    rmSync(this.directory, { recursive: true, force: true })
  }

  async #end(signal: "SIGKILL" | "SIGTERM"): Promise<void> {
    const child = this.#child
    this.#child = undefined
    if (child === undefined || child.exitCode !== null) return
    const ended = once(child, "exit")
    child.kill(signal)
    await ended
  }
}
