/** Time of a whole process, from its start to its end, as somebody at a prompt waits for it. */
import { spawn } from "node:child_process"
import { wallMs } from "./measure.ts"

export interface FreshProcess {
  readonly parameters: readonly string[]
  readonly env?: NodeJS.ProcessEnv
  readonly cwd?: string
}

/** Milliseconds that `node <parameters>` takes with the pinned runtime. Throws when it fails. */
export function processMs({ cwd, env = process.env, parameters }: FreshProcess): Promise<number> {
  return wallMs(
    () =>
      new Promise((resolve, reject) => {
        const child = spawn(process.execPath, parameters, { cwd, env, stdio: ["ignore", "ignore", "pipe"] })
        let complaint = ""
        child.stderr.on("data", (text) => {
          complaint += text
        })
        child.on("error", reject)
        child.on("close", (code) => {
          if (code === 0) resolve()
          else reject(new Error(`node ${parameters.join(" ")} ended with ${code}: ${complaint}`))
        })
      }),
  )
}
