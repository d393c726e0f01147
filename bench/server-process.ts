/** The processes that are measured: the real server on a database of its own, and the bare Fastify beside it. */
import { type ChildProcess, fork, spawn } from "node:child_process"
import { closeSync, fstatSync, openSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { setTimeout as wait } from "node:timers/promises"
import { buildServer } from "../tools/build-server.mjs"
import { endWithBench } from "./leftovers.ts"

export interface MeasuredServer {
  readonly port: number
  readonly pid: number
  /** Ends it and waits for its end; what it stored stays. */
  stop(): Promise<void>
}

const bundledServer = join(import.meta.dirname, "../server/bin/halfkey-server.js")

/** The setup token of a data directory whose server has no workspace yet. */
export function setupToken(dataDirectory: string): string {
  return readFileSync(join(dataDirectory, "setup-token"), "utf8").trim()
}

/**
 * Starts `halfkey-server` as everybody starts it, bundled and with the usual log, which goes to a file: a reader at the
 * other end of a pipe would take its share of the cores.
 */
export async function startHalfkey(dataDirectory: string, program = bundledServer): Promise<MeasuredServer> {
  await buildServer()
  const logPath = join(dataDirectory, "server.log")
  const log = openSync(logPath, "a")
  const env = {
    PATH: process.env["PATH"],
    HALFKEY_DATA_DIR: dataDirectory,
    HALFKEY_PORT: "0",
    ...unlimited,
    ...passedOn(),
  }
  const from = fstatSync(log).size
  const child = spawn(process.execPath, [...profiling(), program], { env, stdio: ["ignore", log, log] })
  endWithBench(child)
  closeSync(log)
  return measured(child, await listeningPort(child, logPath, from))
}

/** What a baseline answers: the bytes that the real server answered to the same request. */
export interface Recording {
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: Uint8Array
}

export async function startBareFastify(recording: Recording): Promise<MeasuredServer> {
  const child = fork(new URL("./bare-fastify.mjs", import.meta.url), [], { serialization: "advanced" })
  endWithBench(child)
  child.send(recording)
  const port = await new Promise<number>((resolve, reject) => {
    child.once("message", (message: { readonly port: number }) => resolve(message.port))
    child.once("exit", (code) => reject(new Error(`bare Fastify ended with ${code}`)))
  })
  return measured(child, port)
}

function measured(child: ChildProcess, port: number): MeasuredServer {
  const ended = new Promise<void>((resolve) => child.once("close", () => resolve()))
  const stop = async () => {
    child.kill("SIGTERM")
    await ended
  }
  return { port, pid: child.pid ?? 0, stop }
}

/** One client asks here more often than any program would; it is counted all the same. */
const unlimited = { HALFKEY_RATE_LIMIT: "1000000" }

/** Settings for an experiment, as in `HALFKEY_LOG_LEVEL=warn npm run bench`. */
function passedOn(): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(([name]) => name === "HALFKEY_LOG_LEVEL")
  return Object.fromEntries(kept)
}

/** `HALFKEY_BENCH_PROFILE=<directory>`: where the time goes, for `chrome://inspect` or any reader of .cpuprofile files. */
function profiling(): string[] {
  const directory = process.env["HALFKEY_BENCH_PROFILE"]
  return directory === undefined ? [] : ["--cpu-prof", `--cpu-prof-dir=${directory}`]
}

/** Looks into the log until the server says where it listens. */
async function listeningPort(child: ChildProcess, logPath: string, from: number): Promise<number> {
  for (;;) {
    const said = readFileSync(logPath).subarray(from).toString()
    const port = /listening on https?:\/\/[^\s"]*:(\d+)/.exec(said)?.[1]
    if (port !== undefined) return Number(port)
    if (child.exitCode !== null) throw new Error(`the server ended with ${child.exitCode}:\n${said}`)
    await wait(20)
  }
}

/** Seconds of CPU that the process has taken so far, all threads together. Linux only. */
export function cpuSeconds({ pid }: MeasuredServer): number {
  // utime and stime, fields 14 and 15, counted behind the name, which may hold anything; in ticks of 10 ms.
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8")
    .replace(/^.*\) /s, "")
    .split(" ")
  return (Number(fields[11]) + Number(fields[12])) / 100
}

/** Resident memory in megabytes (10⁶ bytes), as the kernel counts it. Linux only. */
export function residentMegabytes({ pid }: MeasuredServer): number {
  const kilobytes = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]
  return (Number(kilobytes) * 1024) / 1e6
}
