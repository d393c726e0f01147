/** Starts the real server in this process, on a free port and a data directory of its own. For tests only. */
import { mkdtempSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { systemRandom } from "@halfkey/core/primitives/random"
import { type Config, readConfig } from "../config.ts"
import { createServer, type RunningServer, type ServerOptions } from "../create-server.ts"
import { newSetupToken, setupTokenPath } from "../setup-token.ts"
import { openSqliteStore } from "../store/sqlite.ts"

export interface TestServerOptions extends Partial<Pick<ServerOptions, "now" | "random">> {
  /** Settings beside data directory and port. */
  readonly env?: Readonly<Record<string, string>>
}

export class TestServer {
  readonly dataDirectory = mkdtempSync(join(tmpdir(), "halfkey-test-"))
  readonly #options: TestServerOptions
  readonly #log: string[] = []
  /** What the server said was fatal. */
  readonly fatal: Error[] = []
  #running: RunningServer | undefined

  private constructor(options: TestServerOptions) {
    this.#options = options
  }

  /** Stopped and removed after the test, or with `{ after }` of node:test after all tests of the file. */
  static async start(
    context: { after(remove: () => Promise<void>): void },
    options: TestServerOptions = {},
  ): Promise<TestServer> {
    const server = new TestServer(options)
    context.after(() => server.remove())
    await server.startAgain()
    return server
  }

  /** Starts on the data that is there, after `stop`. */
  async startAgain(env: Readonly<Record<string, string>> = {}): Promise<void> {
    const config = this.#config(env)
    this.#running = await createServer({
      ...this.#options,
      config,
      logDestination: { write: (line) => void this.#log.push(line) },
      onFatal: (error) => this.fatal.push(error),
    })
  }

  async stop(): Promise<void> {
    const running = this.#running
    this.#running = undefined
    await running?.close()
  }

  async remove(): Promise<void> {
    await this.stop()
    rmSync(this.dataDirectory, { recursive: true, force: true })
  }

  get running(): RunningServer {
    if (this.#running === undefined) throw new Error("the server is stopped")
    return this.#running
  }

  get url(): string {
    return this.running.url
  }

  /** Another setup token, for a further workspace: what `halfkey-server setup-token` does beside a running server. */
  async newSetupToken(): Promise<void> {
    const { databasePath, dataDirectory } = this.#config()
    const store = await openSqliteStore({ path: databasePath, onFatal: (error) => this.fatal.push(error) })
    await newSetupToken(setupTokenPath(dataDirectory), store, Date.now(), systemRandom)
    await store.close()
  }

  #config(env: Readonly<Record<string, string>> = {}): Config {
    return readConfig({ HALFKEY_DATA_DIR: this.dataDirectory, HALFKEY_PORT: "0", ...this.#options.env, ...env })
  }

  /** Everything that was logged since the first start. */
  get log(): string {
    return this.#log.join("")
  }

  get databasePath(): string {
    return this.#config().databasePath
  }

  get setupToken(): string {
    return readFileSync(setupTokenPath(this.dataDirectory), "utf8").trim()
  }
}
