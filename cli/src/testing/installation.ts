/** The real command on a real server, in a directory of its own. */
import { type ChildProcessByStdio, spawn } from "node:child_process"
import { once } from "node:events"
import { mkdtempSync, readFileSync, realpathSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import type { Readable } from "node:stream"
import { fileURLToPath } from "node:url"

const bin = fileURLToPath(new URL("../../bin/halfkey.js", import.meta.url))

export interface Outcome {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly stdout: string
  readonly stderr: string
}

export interface Invocation {
  readonly stdin?: string | Uint8Array
  readonly env?: Readonly<Record<string, string | undefined>>
  readonly cwd?: string
  /** Commands of a shell that runs before and is then replaced, as `ulimit -s 8192`. */
  readonly shell?: string
}

/** A `halfkey up` that is under way. */
export interface Up {
  readonly process: ChildProcessByStdio<null, Readable, Readable>
  readonly endpoint: string
  stdout(): string
  stderr(): string
  /** Ends it by a signal, and resolves to how it ended. */
  end(signal?: NodeJS.Signals): Promise<Pick<Outcome, "code" | "signal">>
}

export class Installation {
  readonly directory = realpathSync(mkdtempSync(join(tmpdir(), "halfkey-cli-")))
  readonly configDirectory = join(this.directory, "config")
  readonly dataDirectory = join(this.directory, "data")
  #running: Up[] = []

  /** Only what is named here gets in from outside. */
  env(more: Invocation["env"] = {}): Record<string, string> {
    const own = {
      PATH: process.env["PATH"],
      HOME: this.directory,
      HALFKEY_CONFIG_DIR: this.configDirectory,
      HALFKEY_DATA_DIR: this.dataDirectory,
      HALFKEY_PORT: "0",
      // Compiled code is shared by all tests: it is the same.
      XDG_CACHE_HOME: join(tmpdir(), "halfkey-cli-cache"),
      ...more,
    }
    return Object.fromEntries(
      Object.entries(own).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
    )
  }

  /** Runs `halfkey` with these arguments to its end. Its stdin is a pipe. */
  async run(args: readonly string[], invocation: Invocation = {}): Promise<Outcome> {
    const { stdin = "", env, cwd = this.directory, shell = ":" } = invocation
    const command = ["-c", `${shell}; exec "$@"`, "sh", process.execPath, bin, ...args]
    const child = spawn("/bin/sh", command, { cwd, env: this.env(env), stdio: "pipe" })
    const outputs = Promise.all([textOf(child.stdout), textOf(child.stderr)])
    // A command that does not read its stdin may be gone before all is written.
    child.stdin.on("error", () => {})
    child.stdin.end(stdin)
    const [code, signal] = (await once(child, "close")) as [number | null, NodeJS.Signals | null]
    const [stdout, stderr] = await outputs
    return { code, signal, stdout, stderr }
  }

  /** As `run`, and throws what was printed unless the command succeeds. Returns stdout. */
  async ok(args: readonly string[], invocation?: Invocation): Promise<string> {
    const { code, stdout, stderr } = await this.run(args, invocation)
    if (code !== 0) throw new Error(`halfkey ${args.join(" ")} ended with ${code}: ${stderr}`)
    return stdout
  }

  /** Starts without waiting for the end, for signals. */
  spawn(args: readonly string[], env?: Invocation["env"]): ChildProcessByStdio<null, Readable, Readable> {
    return spawn(process.execPath, [bin, ...args], {
      cwd: this.directory,
      env: this.env(env),
      stdio: ["ignore", "pipe", "pipe"],
    })
  }

  /** Starts `halfkey up`, and resolves when it serves and has told everything. */
  async up(env?: Invocation["env"], args: readonly string[] = []): Promise<Up> {
    const child = this.spawn(["up", ...args], env)
    let stdout = ""
    let stderr = ""
    child.stdout.setEncoding("utf8").on("data", (text) => {
      stdout += text
    })
    const closed = once(child, "close") as Promise<[number | null, NodeJS.Signals | null]>
    await new Promise<void>((resolve, reject) => {
      child.stderr.setEncoding("utf8").on("data", (text) => {
        stderr += text
        if (/Ctrl-C stops the server|halfkey: workspace |it serves all the same/.test(stderr)) resolve()
      })
      closed.then(([code]) => reject(new Error(`halfkey up ended with ${code}: ${stderr}`)), reject)
    })
    const up: Up = {
      process: child,
      endpoint: /serving at (\S+),/.exec(stderr)?.[1] ?? "",
      stdout: () => stdout,
      stderr: () => stderr,
      end: async (signal = "SIGTERM") => {
        if (child.exitCode === null && child.signalCode === null) child.kill(signal)
        const [code, ended] = await closed
        return { code, signal: ended }
      },
    }
    this.#running.push(up)
    return up
  }

  /** The profile as it is stored. */
  profile(name = "local"): Record<string, string> {
    return JSON.parse(readFileSync(join(this.configDirectory, "profiles", `${name}.json`), "utf8"))
  }

  /** The profile as variables of another machine. */
  variables(name = "local"): Record<string, string> {
    const { workspaceCRN = "", clientId = "", clientKey = "", apiKey = "", endpoint = "" } = this.profile(name)
    return {
      CS_WORKSPACE_CRN: workspaceCRN,
      CS_CLIENT_ID: clientId,
      CS_CLIENT_KEY: clientKey,
      CS_CLIENT_ACCESS_KEY: apiKey,
      CS_ENDPOINT: endpoint,
    }
  }

  /** Ends every server. */
  async stop(): Promise<void> {
    await Promise.all(this.#running.splice(0).map((up) => up.end()))
  }

  async dispose(): Promise<void> {
    await this.stop()
    rmSync(this.directory, { recursive: true, force: true })
  }
}

async function textOf(stream: Readable): Promise<string> {
  let text = ""
  for await (const part of stream.setEncoding("utf8")) text += part
  return text
}
