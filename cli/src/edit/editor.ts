/** The person's editor: which it is, and how it is started. */
import { spawn, spawnSync } from "node:child_process"
import { basename } from "node:path"
import { HalfkeyError } from "@halfkey/core/formats/errors"
import type { Environment } from "../context.ts"
import { Interrupted, usageError } from "../failure.ts"
import { childEnvironment } from "../run/child-environment.ts"

/** Swap files, undo files and the registers of `viminfo` would keep values elsewhere. */
const quietVim = `-n -i NONE --cmd 'set nobackup nowritebackup noundofile'`

/** $VISUAL, $EDITOR, or vi at a terminal: a command of the shell, as it is for other programs. Throws a usage error. */
export function editorCommand(env: Environment, atTerminal: boolean): string {
  const command = env["VISUAL"]?.trim() || env["EDITOR"]?.trim() || (atTerminal ? "vi" : undefined)
  if (command === undefined) throw usageError("no editor is named", "VISUAL or EDITOR, such as EDITOR=nano")
  const [program = ""] = command.split(/\s+/)
  return isVim(program, env) ? `${command} ${quietVim}` : command
}

/** What is called vi is vim on many systems, and something else that knows none of its options on others. */
function isVim(program: string, env: Environment): boolean {
  const name = basename(program)
  if (name !== "vi") return ["vim", "nvim", "gvim"].includes(name)
  const { stdout } = spawnSync(program, ["--version"], {
    encoding: "utf8",
    env: childEnvironment(env, [], new Set()).variables,
    stdio: ["ignore", "pipe", "ignore"],
    timeout: 2000,
  })
  return /^n?vim\b/i.test(stdout ?? "")
}

/** Resolves when the editor has ended well. It gets none of our credentials. Throws where it fails. */
export function runEditor(
  command: string,
  path: string,
  env: Environment,
  onSignal: (stop: (signal: NodeJS.Signals) => void) => void,
): Promise<void> {
  const { variables } = childEnvironment(env, [], new Set())
  return new Promise((resolve, reject) => {
    // In the shell's place where that means the same, so that a signal reaches it.
    const simple = /^[^=;|&<>()`$\n]+$/.test(command) ? "exec " : ""
    const child = spawn("/bin/sh", ["-c", `${simple}${command} "$1"`, "editor", path], {
      stdio: "inherit",
      env: variables,
    })
    onSignal((signal) => child.kill(signal))
    child.on("error", () => reject(failed("could not be started")))
    child.on("exit", (code, signal) => {
      if (code === 0) resolve()
      // A shell tells of Ctrl-C by 130.
      else if (signal === "SIGINT" || code === 130) reject(new Interrupted())
      else reject(failed(code === null ? `was ended by ${signal}` : `ended with ${code}`))
    })
  })
}

function failed(how: string): HalfkeyError {
  return new HalfkeyError("unexpected", `the editor ${how}, so nothing was changed`, {
    hint: "VISUAL or EDITOR with a command that waits until the file is closed, such as EDITOR='code --wait'",
  })
}
