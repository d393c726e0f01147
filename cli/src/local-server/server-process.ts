/** Runs `halfkey-server` as a child of `halfkey up`. */
import { type ChildProcess, spawn } from "node:child_process"
import { isatty } from "node:tty"
import { HalfkeyError } from "@halfkey/core/formats/errors"
import type { Environment } from "../context.ts"
import { Told } from "../failure.ts"
import type { Streams } from "../streams.ts"
import { LogFile, linesOf, listeningAddress, readable } from "./server-log.ts"

/** A server that has to migrate or check a large database is given this long. */
const startWithinMs = 120_000

export interface ServerOptions {
  /** Path of `halfkey-server`. */
  readonly program: string
  readonly env: Environment
  readonly logPath: string
  readonly streams: Streams
}

export interface RunningServer {
  /** Where it listens, as it says itself. */
  readonly endpoint: string
  /** Resolves when it has ended, to the exit code for this process: 0 after a graceful stop that was asked for. */
  readonly ended: Promise<number>
  /** Asks it to end gracefully. */
  stop(): void
}

/** Starts the server and resolves once it listens. Its own start errors are passed on in its words, and throw `Told`. */
export function startServer({ program, env, logPath, streams }: ServerOptions): Promise<RunningServer> {
  // The same runtime as ours. The server needs none of a client's credentials.
  const child = spawn(process.execPath, [program], { env: serverEnvironment(env), stdio: ["ignore", "pipe", "pipe"] })
  const stopping = passSignals(child)
  const log = new LogFile(logPath)
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      child.kill("SIGTERM")
      reject(new HalfkeyError("timeout", "the server did not start in time", { hint: `see ${logPath}` }))
    }, startWithinMs)
    const ended = new Promise<number>((resolveEnd) => {
      child.on("error", ({ name }) => {
        clearTimeout(timer)
        reject(new HalfkeyError("unexpected", `the server could not be started: ${name}`))
      })
      // `close`, not `exit`: its last words are printed by then.
      child.on("close", (code, signal) => {
        clearTimeout(timer)
        const exit = exitCode(code, signal, stopping.asked)
        if (exit !== 0 && signal !== null) streams.err(`halfkey: the server was ended by ${signal}\n`)
        reject(new Told(exit))
        resolveEnd(exit)
      })
    })
    const listen = async (source: AsyncIterable<Uint8Array>) => {
      for await (const line of linesOf(source)) {
        log.append(line)
        const told = readable(line)
        if (told !== undefined) streams.err(told)
        const endpoint = listeningAddress(line)
        if (endpoint === undefined) continue
        clearTimeout(timer)
        resolve({ endpoint, ended, stop: () => child.kill("SIGTERM") })
      }
    }
    for (const source of [child.stdout, child.stderr]) if (source) listen(source).catch(() => {})
  })
}

function serverEnvironment(env: Environment): Record<string, string> {
  const kept = Object.entries(env).filter(([name, value]) => value !== undefined && !name.startsWith("CS_"))
  return Object.fromEntries(kept) as Record<string, string>
}

/** Ctrl-C in a terminal reaches the server by itself; a second copy would look like an impatient second Ctrl-C. */
function passSignals(child: ChildProcess): { asked: boolean } {
  const state = { asked: false }
  const atTerminal = isatty(0) || isatty(1) || isatty(2)
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    process.on(signal, () => {
      state.asked = true
      if (signal !== "SIGINT" || !atTerminal) child.kill(signal === "SIGHUP" ? "SIGTERM" : signal)
    })
  }
  return state
}

function exitCode(code: number | null, signal: NodeJS.Signals | null, asked: boolean): number {
  if (asked && (code === 0 || signal === "SIGINT" || signal === "SIGTERM")) return 0
  return code ?? 1
}
