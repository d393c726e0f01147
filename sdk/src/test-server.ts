/** The server of the test kit: a process of its own that ends with this one. */
import { type ChildProcess, spawn } from "node:child_process"
import { once } from "node:events"
import { accessSync, constants, mkdtempSync, readFileSync, rmSync } from "node:fs"
import { createRequire } from "node:module"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { createInterface } from "node:readline"
import { HalfkeyError } from "@halfkey/core/formats/errors"

/** Of @halfkey/server. */
const oldestNode = 22

export interface TestServer {
  readonly endpoint: string
  readonly setupToken: string
  stop(): Promise<void>
}

/** Throws `invalid_configuration` where no server is installed, and `server_unreachable` where it does not start. */
export async function startServer(
  env: Readonly<Record<string, string>>,
  timeoutMs: number,
  node = nodeProgram(),
): Promise<TestServer> {
  const program = installedServer()
  const directory = mkdtempSync(join(placeInMemory(), `halfkey-test-${process.pid}-`))
  const { PATH } = process.env
  // Nothing of this machine's settings: not its data directory, and no credentials.
  const child = spawn(node, [program], {
    env: {
      ...(PATH !== undefined && { PATH }),
      ...env,
      HALFKEY_HOST: "127.0.0.1",
      HALFKEY_PORT: "0",
      HALFKEY_DATA_DIR: directory,
    },
    stdio: ["ignore", "pipe", "pipe"],
  })
  const leave = () => {
    child.kill("SIGKILL")
    rmSync(directory, { recursive: true, force: true })
  }
  // A test that forgot to close ends nevertheless, and leaves nothing behind.
  process.once("exit", leave)
  const stop = async () => {
    await ended(child)
    process.removeListener("exit", leave)
    rmSync(directory, { recursive: true, force: true })
  }
  try {
    const endpoint = await listening(child, timeoutMs)
    letGo(child)
    return { endpoint, setupToken: readFileSync(join(directory, "setup-token"), "utf8").trim(), stop }
  } catch (error) {
    await stop()
    throw error
  }
}

/** The server needs a newer Node than this package: under an older one, Bun and Deno, it runs on that of PATH. */
function nodeProgram(): string {
  const { versions } = process
  const isOther = "bun" in versions || "deno" in versions
  return isOther || Number.parseInt(versions.node, 10) < oldestNode ? "node" : process.execPath
}

/** Where the project that is tested finds it, which need not be where this package lies. */
function installedServer(): string {
  try {
    return createRequire(join(process.cwd(), "package.json")).resolve("@halfkey/server/bin/halfkey-server.js")
  } catch {
    throw new HalfkeyError(
      "invalid_configuration",
      "there is no server to test with: @halfkey/server is not installed",
      {
        hint: "npm install --save-dev @halfkey/server",
      },
    )
  }
}

function placeInMemory(): string {
  try {
    accessSync("/dev/shm", constants.W_OK)
    return "/dev/shm"
  } catch {
    return tmpdir()
  }
}

async function listening(child: ChildProcess, timeoutMs: number): Promise<string> {
  const { stderr, stdout } = child
  if (stdout === null || stderr === null) throw new HalfkeyError("unexpected", "the server has no output")
  let said = ""
  stderr.setEncoding("utf8").on("data", (text: string) => {
    said += text
  })
  let failed = false
  child.once("error", () => {
    failed = true
  })
  const timer = setTimeout(() => child.kill("SIGKILL"), timeoutMs)
  try {
    for await (const line of createInterface({ input: stdout })) {
      const endpoint = /listening on (http:\/\/127\.0\.0\.1:\d+)/.exec(line)?.[1]
      if (endpoint !== undefined) return endpoint
    }
  } finally {
    clearTimeout(timer)
  }
  const why = failed ? "it cannot be executed" : said.trim() || `it did not listen within ${timeoutMs} ms`
  if (failed || why.includes("needs Node")) {
    throw new HalfkeyError(
      "invalid_configuration",
      `the test server did not start: ${why.replace(/\s+hint: .*$/s, "")}`,
      {
        hint: `pass node, the path of a program of Node ${oldestNode} or newer, or put one first into PATH`,
      },
    )
  }
  throw new HalfkeyError("server_unreachable", `the test server did not start: ${why}`)
}

/** Reads on, so that no pipe fills up, but keeps nobody's process alive. */
function letGo(child: ChildProcess): void {
  child.unref()
  for (const stream of [child.stdout, child.stderr]) {
    stream?.resume()
    // A pipe is a socket, though its type does not say so.
    ;(stream as { unref?: () => void } | null)?.unref?.()
  }
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return
  child.ref()
  const exit = once(child, "exit")
  child.kill("SIGTERM")
  await exit
}
