/** Starts the real server in this process, on a free port and a data directory of its own. For tests only. */
import { mkdtempSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { systemRandom } from "@halfkey/core/primitives/random"
import { type Config, readConfig } from "../config.ts"
import { createServer, type RunningServer, type ServerOptions } from "../create-server.ts"
import { openStore } from "../open-store.ts"
import { newSetupToken, setupTokenPath } from "../setup-token.ts"
import { TestPostgres } from "./test-postgres.ts"

export interface TestServerOptions extends Partial<Pick<ServerOptions, "now" | "random">> {
  /** Settings beside data directory and port. */
  readonly env?: Readonly<Record<string, string>>
  /** Of several replicas that share it; else one of its own, removed in the end. */
  readonly dataDirectory?: string
}

let shared: Promise<TestPostgres> | undefined

/** With `HALFKEY_TEST_DATABASE=postgres` every server that does not say where gets an empty database of PostgreSQL. */
async function databaseFromEnvironment(): Promise<Record<string, string>> {
  if (process.env["HALFKEY_TEST_DATABASE"] !== "postgres") return {}
  shared ??= TestPostgres.start()
  const postgres = await shared
  return { HALFKEY_DATABASE_URL: await postgres.createDatabase() }
}

export class TestServer {
  readonly dataDirectory: string
  readonly #options: TestServerOptions
  readonly #database: Readonly<Record<string, string>>
  readonly #log: string[] = []
  /** What the server said was fatal. */
  readonly fatal: Error[] = []
  #running: RunningServer | undefined

  private constructor(options: TestServerOptions, database: Readonly<Record<string, string>>) {
    this.#options = options
    this.#database = database
    this.dataDirectory = options.dataDirectory ?? mkdtempSync(join(tmpdir(), "halfkey-test-"))
  }

  /** Stopped and removed after the test, or with `{ after }` of node:test after all tests of the file. */
  static async start(
    context: { after(remove: () => Promise<void>): void },
    options: TestServerOptions = {},
  ): Promise<TestServer> {
    const server = new TestServer(options, await databaseFromEnvironment())
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
    if (this.#options.dataDirectory === undefined) rmSync(this.dataDirectory, { recursive: true, force: true })
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
    const config = this.#config()
    const log = { warn: () => {}, info: () => {} }
    const store = await openStore({ config, log, onFatal: (error) => this.fatal.push(error) })
    await newSetupToken(setupTokenPath(config.dataDirectory), store, Date.now(), systemRandom)
    await store.close()
  }

  #config(env: Readonly<Record<string, string>> = {}): Config {
    const own = { HALFKEY_DATA_DIR: this.dataDirectory, HALFKEY_PORT: "0", ...this.#database }
    return readConfig({ ...own, ...this.#options.env, ...env })
  }

  /** Everything that was logged since the first start. */
  get log(): string {
    return this.#log.join("")
  }

  /** Where it uses PostgreSQL. */
  get postgresUrl(): string | undefined {
    return { ...this.#database, ...this.#options.env }["HALFKEY_DATABASE_URL"]
  }

  get databasePath(): string {
    return this.#config().databasePath
  }

  get setupToken(): string {
    return readFileSync(setupTokenPath(this.dataDirectory), "utf8").trim()
  }
}
