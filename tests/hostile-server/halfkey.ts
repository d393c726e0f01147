/** Runs the real `halfkey` command with nothing of this machine's own settings. */
import { spawn } from "node:child_process"
import { once } from "node:events"
import { tmpdir } from "node:os"
import { join } from "node:path"

const program = join(import.meta.dirname, "../../cli/bin/halfkey.js")

export interface Ended {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

export interface Invocation {
  readonly configDirectory: string
  readonly stdin?: string
}

export async function runHalfkey(args: readonly string[], { configDirectory, stdin = "" }: Invocation): Promise<Ended> {
  const child = spawn(process.execPath, [program, ...args], {
    cwd: join(configDirectory, ".."),
    env: {
      PATH: process.env["PATH"],
      HOME: join(configDirectory, ".."),
      HALFKEY_CONFIG_DIR: configDirectory,
      // Compiled code is the same for all.
      XDG_CACHE_HOME: join(tmpdir(), "halfkey-cli-cache"),
    },
    stdio: "pipe",
  })
  const ended: { stdout: string; stderr: string } = { stdout: "", stderr: "" }
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    ended.stdout += text
  })
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    ended.stderr += text
  })
  // A command that does not read its stdin may be gone before all is written.
  child.stdin.on("error", () => undefined)
  child.stdin.end(stdin)
  const [code] = (await once(child, "close")) as [number | null]
  return { code, ...ended }
}
