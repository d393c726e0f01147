/** The runtimes that programs of others run on, as tests/peers has them from npm. */
import { existsSync } from "node:fs"
import { join } from "node:path"

export interface Runtime {
  readonly name: string
  /** What starts a program, without the program. */
  readonly command: readonly [string, ...string[]]
  /** What `process.version` says there. */
  readonly version: RegExp
  /** Why it cannot run here, in a sentence; `undefined` where it can. */
  readonly absent: string | undefined
}

const peers = join(import.meta.dirname, "../peers/node_modules")

/** All that the documentation names. `ports` are those of servers on this machine: Deno lets a program go nowhere else. */
export function runtimes(...ports: readonly string[]): Runtime[] {
  const net = ports.map((port) => `127.0.0.1:${port}`)
  return [
    runtime("Node 20", [join(peers, "node-20-linux-x64/bin/node")], /^v20\./),
    runtime("Node 22", [join(peers, "node-22-linux-x64/bin/node")], /^v22\./),
    runtime("Node 24", [process.execPath], /^v24\./),
    runtime("Bun", [join(peers, ".bin/bun")], /^v/),
    runtime("Deno", [join(peers, ".bin/deno"), "run", "--no-prompt", `--allow-net=${net}`], /^v/),
  ]
}

function runtime(name: string, command: Runtime["command"], version: RegExp): Runtime {
  const absent = existsSync(command[0]) ? undefined : `npm has no ${name} for this platform: it is not tested here`
  return { name, command, version, absent }
}
