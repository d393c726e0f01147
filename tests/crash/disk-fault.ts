/** A disk that fails at one fsync: the system call of a running server is answered with EIO, by strace where there is one. */
import { spawn, spawnSync } from "node:child_process"
import { once } from "node:events"
import { mkdtempSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { track } from "./server-process.ts"

/** Whether this machine lets a process be traced. */
export function canFailDisk(): boolean {
  const calls = "trace=fsync,fdatasync"
  return spawnSync("strace", ["-f", "-qq", "-e", calls, "-o", "/dev/null", "true"], { stdio: "ignore" }).status === 0
}

/** Which system calls fail, with what, and when: `7` is the seventh from now on, `7..9` three of them. */
export interface Fault {
  readonly calls: string
  readonly error: "EIO" | "ENOSPC"
  readonly when: string
}

export const fsyncs = "fsync,fdatasync"
/** By which SQLite writes pages and log. */
export const writes = "pwrite64"
/** By which it reads what is not in memory. */
export const reads = "pread64"

/** Lets calls of a running process fail. Resolves when it is watched; what is returned ends that, lets the process go on, and says how many failed. */
export async function failCalls(pid: number, { calls, error, when }: Fault): Promise<() => Promise<number>> {
  const inject = `inject=${calls}:error=${error}:when=${when}`
  const folder = mkdtempSync(join(tmpdir(), "halfkey-strace-"))
  const log = join(folder, "log")
  const child = track(
    spawn("strace", ["-f", "-p", String(pid), "-e", `trace=${calls}`, "-e", inject, "-o", log], {
      stdio: ["ignore", "ignore", "pipe"],
    }),
  )
  const ended = once(child, "exit").finally(() => child.stderr.destroy())
  // It says so when it has attached.
  await Promise.race([once(child.stderr, "data"), ended])
  if (child.exitCode !== null) throw new Error(`strace ended with ${child.exitCode}`)
  child.stderr.resume()
  return async () => {
    child.kill("SIGTERM")
    await ended
    const failed = readFileSync(log, "utf8").split("(INJECTED)").length - 1
    rmSync(folder, { recursive: true })
    return failed
  }
}
