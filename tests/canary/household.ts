/** A server, a recorded wire and the real command, with every file, process and temporary directory in sight. */
import { type ChildProcess, spawn } from "node:child_process"
import { once } from "node:events"
import {
  closeSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  watch,
} from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { setTimeout as wait } from "node:timers/promises"
import { ProcessWatch } from "./process-watch.ts"
import { RecordingWire } from "./recording-wire.ts"

const repository = join(import.meta.dirname, "../..")
const cli = join(repository, "cli/bin/halfkey.js")
const serverProgram = join(repository, "server/bin/halfkey-server.js")

export interface Ended {
  readonly args: readonly string[]
  readonly code: number | null
  readonly stdout: Buffer
  readonly stderr: Buffer
}

export interface Invocation {
  readonly stdin?: string | Uint8Array
  readonly env?: Readonly<Record<string, string>>
}

export class Household {
  readonly directory = realpathSync(mkdtempSync(join(tmpdir(), "halfkey-canary-")))
  readonly configDirectory = join(this.directory, "config")
  readonly dataDirectory = join(this.directory, "data")
  readonly logs = join(this.directory, "logs")
  /** Where programs are told to put temporary files. */
  readonly temporary = join(this.directory, "temporary")
  readonly cache = join(this.directory, "cache")
  readonly wire = new RecordingWire()
  readonly watch = new ProcessWatch()
  /** Names that appeared in the temporary directory, however shortly. */
  readonly temporaryNames = new Set<string>()
  #server: ChildProcess | undefined
  #port = 0
  readonly #watcher

  constructor() {
    for (const path of [this.logs, this.temporary, this.cache, join(this.directory, "home")]) mkdirSync(path)
    this.#watcher = watch(this.temporary, (_, name) => this.temporaryNames.add(String(name)))
    this.wire.onConnection = () => this.watch.look()
  }

  get serverUrl(): string {
    return `http://127.0.0.1:${this.#port}`
  }

  env(more: Readonly<Record<string, string>> = {}): Record<string, string> {
    return {
      PATH: process.env["PATH"] ?? "",
      HOME: join(this.directory, "home"),
      TMPDIR: this.temporary,
      XDG_CACHE_HOME: this.cache,
      HALFKEY_CONFIG_DIR: this.configDirectory,
      HALFKEY_DATA_DIR: this.dataDirectory,
      HALFKEY_PORT: String(this.#port),
      HALFKEY_LOG_LEVEL: "trace",
      ...more,
    }
  }

  /** Starts the server, or starts it again, saying everything that it can say into `logs/`. */
  async startServer(): Promise<void> {
    const log = join(this.logs, "server.log")
    const before = globSync(log).length === 0 ? 0 : statSync(log).size
    const output = openSync(log, "a")
    const child = spawn(process.execPath, [serverProgram], { env: this.env(), stdio: ["ignore", output, output] })
    closeSync(output)
    this.#server = child
    while (this.#server?.exitCode === null) {
      const said = readFileSync(log).subarray(before).toString("utf8")
      const port = /listening on http:\/\/127\.0\.0\.1:(\d+)/.exec(said)?.[1]
      if (port !== undefined) {
        if (this.#port === 0) await this.wire.start(`http://127.0.0.1:${port}`)
        this.#port = Number(port)
        return
      }
      await wait(10)
    }
    throw new Error(`the server did not start: ${readFileSync(log, "utf8")}`)
  }

  async endServer(signal: "SIGTERM" | "SIGKILL"): Promise<void> {
    const child = this.#server
    this.#server = undefined
    if (child === undefined || child.exitCode !== null) return
    const ended = once(child, "exit")
    child.kill(signal)
    await ended
  }

  /** Runs `halfkey` to its end, and looks at its processes at the beginning and at each connection. */
  async run(args: readonly string[], { env, stdin = "" }: Invocation = {}): Promise<Ended> {
    const child = this.spawn(args, env)
    const stdout: Buffer[] = []
    const stderr: Buffer[] = []
    child.stdout.on("data", (bytes) => stdout.push(bytes))
    child.stderr.on("data", (bytes) => stderr.push(bytes))
    child.stdin.on("error", () => undefined)
    child.stdin.end(stdin)
    const [code] = (await once(child, "close")) as [number | null]
    return { args, code, stdout: Buffer.concat(stdout), stderr: Buffer.concat(stderr) }
  }

  /** Runs `halfkey up` while something is done, then ends it as Ctrl-C does. */
  async upWhile(work: () => Promise<void>): Promise<Ended> {
    const args = ["up"]
    const child = this.spawn(args)
    const stdout: Buffer[] = []
    const stderr: Buffer[] = []
    const closed = once(child, "close")
    child.stdout.on("data", (bytes) => stdout.push(bytes))
    const ready = new Promise<void>((resolve) => {
      child.stderr.on("data", (bytes) => {
        stderr.push(bytes)
        if (Buffer.concat(stderr).includes("Ctrl-C stops the server")) resolve()
      })
    })
    await Promise.race([ready, closed])
    try {
      await work()
    } finally {
      child.kill("SIGINT")
    }
    const [code] = (await closed) as [number | null]
    return { args, code, stdout: Buffer.concat(stdout), stderr: Buffer.concat(stderr) }
  }

  spawn(args: readonly string[], env: Invocation["env"] = {}) {
    const child = spawn(process.execPath, [cli, ...args], {
      cwd: this.directory,
      env: this.env(env),
      stdio: ["pipe", "pipe", "pipe"],
    })
    this.watch.look()
    return child
  }

  /** Every file below a directory, by its path from the household's. */
  files(...below: readonly string[]): Map<string, Buffer> {
    const paths = below.flatMap((directory) => globSync("**", { cwd: directory }).map((path) => join(directory, path)))
    const files = paths.filter((path) => statSync(path).isFile())
    return new Map(files.map((path) => [path.slice(this.directory.length + 1), readFileSync(path)]))
  }

  async close(): Promise<void> {
    await this.endServer("SIGKILL")
    await this.wire.stop()
    this.#watcher.close()
    rmSync(this.directory, { recursive: true, force: true })
  }
}
