/** `halfkey up` (or whatever starts it) in a process group of its own, with everything that it prints. */
import { type ChildProcess, spawn } from "node:child_process"
import { once } from "node:events"
import { readdirSync, readFileSync } from "node:fs"
import { createServer } from "node:net"
import { setTimeout as sleep } from "node:timers/promises"
import { cliProgram, plainEnvironment } from "./commands.ts"
import { patienceMs, track } from "./server-process.ts"

export interface UpOptions {
  readonly env: Readonly<Record<string, string>>
  readonly cwd: string
  /** Program and parameters; `halfkey up` on this runtime unless given. */
  readonly command?: readonly [string, ...string[]]
}

export interface UpEnd {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
}

const groups = new Set<number>()
process.on("exit", () => {
  for (const group of groups) signalGroup(group, "SIGKILL")
})

/** Whether there was anybody in the group. */
function signalGroup(group: number, signal: NodeJS.Signals | 0): boolean {
  try {
    return process.kill(-group, signal)
  } catch {
    return false
  }
}

/** Those that have ended and only wait for somebody to notice count as gone. */
function isMember(pid: number, group: number): boolean {
  try {
    const [state, , groupOf] = readFileSync(`/proc/${pid}/stat`, "utf8")
      .replace(/^.*\) /s, "")
      .split(" ")
    // Killed, its first thread may be gone while others still write.
    return Number(groupOf) === group && (state !== "Z" || readdirSync(`/proc/${pid}/task`).length > 1)
  } catch {
    return false
  }
}

export class UpProcess {
  readonly #child: ChildProcess
  readonly #group: number
  /** Resolves when the process itself has ended; its server may live on. */
  readonly ended: Promise<UpEnd>
  stdout = ""
  stderr = ""
  #exited = false

  constructor({ command = [process.execPath, cliProgram, "up"], cwd, env }: UpOptions) {
    const [program, ...parameters] = command
    const child = track(
      spawn(program, parameters, {
        cwd,
        env: { ...plainEnvironment, ...env },
        detached: true,
        stdio: ["ignore", "pipe", "pipe"],
      }),
    )
    this.#child = child
    this.#group = child.pid ?? 0
    if (this.#group === 0) throw new Error(`${program} could not be started`)
    groups.add(this.#group)
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      this.stdout += text
    })
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      this.stderr += text
    })
    // Not `close`: a server that lives on holds the pipes.
    this.ended = once(child, "exit").then(([code, signal]) => {
      this.#exited = true
      return { code, signal }
    })
  }

  get output(): string {
    return this.stdout + this.stderr
  }

  /** Waits until `condition` holds, looking often; to `false` when the process has ended before, or after a minute. */
  async until(condition: () => boolean): Promise<boolean> {
    const end = performance.now() + patienceMs
    while (!condition()) {
      if (performance.now() > end) return false
      if (this.#exited) {
        // What it printed last may still be on its way.
        await sleep(50)
        return condition()
      }
      await sleep(2)
    }
    return true
  }

  /** A signal to this process alone. */
  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal)
  }

  /** A signal to this process, its server and whoever else it started. */
  signalGroup(signal: NodeJS.Signals): void {
    signalGroup(this.#group, signal)
  }

  /** The processes of the group that still run. */
  get members(): number[] {
    if (!signalGroup(this.#group, 0)) return []
    return readdirSync("/proc")
      .map(Number)
      .filter((pid) => pid > 0 && isMember(pid, this.#group))
  }

  async groupGone(): Promise<void> {
    while (this.members.length > 0) await sleep(5)
    groups.delete(this.#group)
  }

  async killGroup(): Promise<void> {
    this.signalGroup("SIGKILL")
    await this.groupGone()
  }
}

/** A port that is free now. */
export async function freePort(): Promise<number> {
  const probe = createServer().listen(0, "127.0.0.1")
  await once(probe, "listening")
  const address = probe.address()
  probe.close()
  await once(probe, "close")
  if (typeof address !== "object" || address === null) throw new Error("no port is free")
  return address.port
}
