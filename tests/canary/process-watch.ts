/** Looks at the processes below this one as everybody on the machine can: arguments, variables and open files (Linux). */
import { readdirSync, readFileSync, readlinkSync } from "node:fs"

export interface SeenProcess {
  readonly pid: number
  readonly arguments: Buffer
  readonly variables: Buffer
  /** Regular files that are open for writing. */
  readonly writes: readonly string[]
  /** A program that `halfkey run` or `watch` started: it is meant to have the values. */
  readonly isProgramOfRun: boolean
}

export const canWatch = process.platform === "linux"

/** Where this process itself writes what it says: its children may say something there, too. */
const inherited = canWatch ? [1, 2].map((fd) => readlinkSync(`/proc/self/fd/${fd}`)) : []

export class ProcessWatch {
  readonly seen: SeenProcess[] = []

  /** Looks once. Called while processes are in the middle of something. */
  look(): void {
    if (!canWatch) return
    const parents = new Map<number, number>()
    for (const entry of readdirSync("/proc")) {
      const pid = Number(entry)
      const stat = Number.isInteger(pid) ? textOf(`/proc/${pid}/stat`) : undefined
      // The name of the program stands in brackets, and may hold brackets itself.
      const parent = stat?.slice(stat.lastIndexOf(")") + 2).split(" ")[1]
      if (parent !== undefined) parents.set(pid, Number(parent))
    }
    for (const pid of parents.keys()) {
      const ancestors = ancestorsOf(pid, parents)
      if (!ancestors.includes(process.pid)) continue
      const seen = this.#lookAt(pid, ancestors)
      if (seen !== undefined) this.seen.push(seen)
    }
  }

  #lookAt(pid: number, ancestors: readonly number[]): SeenProcess | undefined {
    try {
      return {
        pid,
        arguments: readFileSync(`/proc/${pid}/cmdline`),
        variables: readFileSync(`/proc/${pid}/environ`),
        writes: writesOf(pid),
        isProgramOfRun: ancestors.some((ancestor) => isRun(textOf(`/proc/${ancestor}/cmdline`) ?? "")),
      }
    } catch {
      // It ended meanwhile.
      return undefined
    }
  }
}

function ancestorsOf(pid: number, parents: ReadonlyMap<number, number>): number[] {
  const parent = parents.get(pid)
  return parent === undefined || parent === 0 ? [] : [parent, ...ancestorsOf(parent, parents)]
}

function isRun(commandLine: string): boolean {
  return /halfkey\.js\0(run|watch)\0/.test(commandLine)
}

function writesOf(pid: number): string[] {
  return readdirSync(`/proc/${pid}/fd`).flatMap((fd) => {
    const path = readlinkSync(`/proc/${pid}/fd/${fd}`)
    const flags = /^flags:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/fdinfo/${fd}`, "utf8"))?.[1] ?? "0"
    const mayWrite = (Number.parseInt(flags, 8) & 3) !== 0
    const isFile = path.startsWith("/") && !path.startsWith("/dev/") && !inherited.includes(path)
    return mayWrite && isFile ? [path] : []
  })
}

function textOf(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8")
  } catch {
    return undefined
  }
}
