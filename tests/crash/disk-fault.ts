/** A disk that fails at one fsync: the system call of a running server is answered with EIO, by strace where there is one. */
import { spawn, spawnSync } from "node:child_process"
import { once } from "node:events"
import { track } from "./server-process.ts"

/** Whether this machine lets a process be traced. */
export function canFailDisk(): boolean {
  const calls = "trace=fsync,fdatasync"
  return spawnSync("strace", ["-f", "-qq", "-e", calls, "-o", "/dev/null", "true"], { stdio: "ignore" }).status === 0
}

/** Lets the `at`-th fsync from now on fail. Resolves when the process is watched. */
export async function failFsync(pid: number, at: number): Promise<void> {
  const calls = "fsync,fdatasync"
  const child = track(
    spawn(
      "strace",
      [
        "-f",
        "-p",
        String(pid),
        "-e",
        `trace=${calls}`,
        "-e",
        `inject=${calls}:error=EIO:when=${at}`,
        "-o",
        "/dev/null",
      ],
      {
        stdio: ["ignore", "ignore", "pipe"],
      },
    ),
  )
  // It says so when it has attached.
  await Promise.race([once(child.stderr, "data"), once(child, "exit")])
  if (child.exitCode !== null) throw new Error(`strace ended with ${child.exitCode}`)
  child.stderr.resume()
}
