/** Runs the real `halfkey` and `halfkey-server` as a person would, and waits for their end. */
import { spawn } from "node:child_process"
import { join } from "node:path"
import { patienceMs, serverProgram, track } from "./server-process.ts"

export const cliProgram = join(import.meta.dirname, "../../cli/bin/halfkey.js")

export interface CommandResult {
  /** Exit code; `null` when a signal ended it. */
  readonly status: number | null
  readonly signal: NodeJS.Signals | null
  readonly stdout: Buffer
  readonly stderr: string
}

export interface CommandOptions {
  readonly env: Readonly<Record<string, string>>
  readonly cwd: string
  readonly input?: string | Uint8Array
  /** Gets what ends the command at once. */
  readonly onStart?: (kill: () => void) => void
}

/** `halfkey …` with exactly these variables, and a PATH. */
export function halfkey(parameters: readonly string[], options: CommandOptions): Promise<CommandResult> {
  return run(cliProgram, parameters, options)
}

export function halfkeyServer(parameters: readonly string[], options: CommandOptions): Promise<CommandResult> {
  return run(serverProgram, parameters, options)
}

/** What every command gets beside the variables of its test. */
export const plainEnvironment = { PATH: process.env["PATH"] ?? "/usr/bin:/bin" }

function run(program: string, parameters: readonly string[], options: CommandOptions): Promise<CommandResult> {
  const { cwd, env, input = "", onStart } = options
  const child = track(
    spawn(process.execPath, [program, ...parameters], {
      cwd,
      env: { ...plainEnvironment, ...env },
      stdio: "pipe",
      timeout: patienceMs,
      killSignal: "SIGKILL",
    }),
  )
  onStart?.(() => child.kill("SIGKILL"))
  const stdout: Buffer[] = []
  let stderr = ""
  child.stdout.on("data", (chunk: Buffer) => stdout.push(chunk))
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    stderr += text
  })
  // A command that refuses before it reads closes its end.
  child.stdin.on("error", () => {})
  child.stdin.end(input)
  return new Promise((resolve, reject) => {
    child.on("error", reject)
    child.on("close", (status, signal) => resolve({ status, signal, stdout: Buffer.concat(stdout), stderr }))
  })
}
