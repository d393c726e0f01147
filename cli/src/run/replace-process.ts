/** Puts a program into the place of this process: no second process waits beside it, and nothing of ours stays in memory. */
import { accessSync, constants, statSync } from "node:fs"
import { flushCompileCache } from "node:module"
import { delimiter, join } from "node:path"

/**
 * Node ends the process with a core dump when `execve` fails, and that would hold secrets. This program is there on every
 * Unix and can be started; it starts the other one, and says itself where that cannot be (126, 127).
 */
const starter = "/usr/bin/env"

/**
 * Does not return where it succeeds; returns where this system has no `execve`, or where `spawn` has to tell what is
 * wrong. The caller made sure that arguments and variables are far below the system's limits.
 */
export function replaceProcess(command: readonly string[], variables: Readonly<Record<string, string>>): void {
  const [file = "", ...args] = command
  // The starter would take these for an option or a variable of its own.
  if (process.execve === undefined || file.startsWith("-") || file.includes("=")) return
  if (!isExecutable(starter) || !isFound(file, variables["PATH"])) return
  // What was compiled is kept at the end of a process, which does not come.
  flushCompileCache?.()
  // Node ignores these, and a program inherits what is ignored; what has a listener it gets as it was.
  for (const signal of ["SIGPIPE", "SIGXFSZ"] as const) process.on(signal, () => {})
  process.execve(starter, ["env", file, ...args], variables)
}

/** Only a path or a plain search: whatever is out of the ordinary has another way. */
function isFound(file: string, path: string | undefined): boolean {
  if (file.includes("/")) return isExecutable(file)
  const directories = (path ?? "").split(delimiter)
  return directories.some((directory) => directory.startsWith("/") && isExecutable(join(directory, file)))
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return statSync(path).isFile()
  } catch {
    return false
  }
}
