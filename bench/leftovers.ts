/** Processes and directories that must not outlive a bench, however it ends. */
import type { ChildProcess } from "node:child_process"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"

const children = new Set<ChildProcess>()
const directories = new Set<string>()

process.on("exit", () => {
  for (const child of children) child.kill("SIGKILL")
  for (const path of directories) rmSync(path, { recursive: true, force: true, maxRetries: 3 })
})
for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => process.exit(1))

/** A directory of its own, removed when the bench ends. */
export function temporaryDirectory(): string {
  const path = mkdtempSync(join(tmpdir(), "halfkey-bench-"))
  directories.add(path)
  return path
}

/** Ends with the bench, if not sooner. */
export function endWithBench(child: ChildProcess): void {
  children.add(child)
  child.once("close", () => children.delete(child))
}
