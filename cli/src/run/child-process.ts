/** Starts a program in this one's place, as far as the terminal, signals and the exit code can tell. */
import { type ChildProcess, spawn } from "node:child_process"
import { constants } from "node:os"
import { isatty } from "node:tty"
import { HalfkeyError } from "@halfkey/core/formats/errors"
import { exitCodes } from "./exit-codes.ts"

/** These come from a person or a supervisor to this process alone. */
const forwardedAlways = ["SIGTERM", "SIGHUP", "SIGUSR1", "SIGUSR2", "SIGALRM"] as const
/** A terminal sends these to the whole foreground group: the child has them already, and a second copy would look like impatience. */
const fromTerminal = ["SIGINT", "SIGQUIT"] as const

/** How a program ended; `wasStarted: false` where there was nothing to start. */
export interface Ended {
  /** The child's exit code, or 128+n where signal n ended it; 127 or 126 where nothing was started. */
  readonly exit: number
  readonly signal: NodeJS.Signals | null
  readonly wasStarted: boolean
}

/** Resolves to `Ended.exit`, with the signals passed on. Throws as `untilEnd`. */
export async function runChild(
  command: readonly string[],
  variables: Record<string, string>,
  tell: (text: string) => void,
): Promise<number> {
  return (await untilEnd(command, variables, tell, passSignals)).exit
}

/**
 * Starts the program, and resolves when it has ended. Where there is nothing to start, `tell` gets to know why. Throws where
 * the system refuses the start for another reason.
 */
export function untilEnd(
  command: readonly string[],
  variables: Record<string, string>,
  tell: (text: string) => void,
  onStart: (child: ChildProcess) => void,
): Promise<Ended> {
  const [file = "", ...args] = command
  return new Promise((resolve, reject) => {
    const nothing = (exit: number) => resolve({ exit, signal: null, wasStarted: false })
    // Node reports some reasons by an event and the others by a throw. Its error quotes the arguments, so it goes no further.
    const notStarted = (error: unknown) => {
      const { code = "unknown reason" } = error as NodeJS.ErrnoException
      if (code === "ENOENT") {
        tell(`halfkey: the program ${JSON.stringify(file)} was not found\n`)
        nothing(exitCodes.notFound)
      } else if (["EACCES", "ENOEXEC", "EISDIR", "ENOTDIR"].includes(code)) {
        tell(`halfkey: ${JSON.stringify(file)} cannot be executed: ${code}\n`)
        nothing(exitCodes.notExecutable)
      } else reject(new HalfkeyError("unexpected", `the program could not be started: ${code}`))
    }
    try {
      const child = spawn(file, args, { stdio: "inherit", env: variables })
      if (child.pid !== undefined) onStart(child)
      child.on("error", (error) => {
        if (child.pid === undefined) notStarted(error)
      })
      child.on("exit", (code, signal) => {
        resolve({ exit: code ?? 128 + constants.signals[signal ?? "SIGKILL"], signal, wasStarted: true })
      })
    } catch (error) {
      notStarted(error)
    }
  })
}

function passSignals(child: ChildProcess): void {
  const forward = (signal: NodeJS.Signals) => {
    process.on(signal, () => child.kill(signal))
  }
  for (const signal of forwardedAlways) forward(signal)
  const atTerminal = isatty(0) || isatty(1) || isatty(2)
  for (const signal of fromTerminal) {
    // Even unforwarded it needs a listener, so that this process outlives the child and can report its exit code.
    if (atTerminal) process.on(signal, () => {})
    else forward(signal)
  }
  // Ctrl-Z and fg in a terminal reach the group, the child included; without one, only this process. A copy of SIGCONT could
  // overtake the next Ctrl-Z.
  if (!atTerminal) for (const signal of ["SIGTSTP", "SIGCONT"] as const) forward(signal)
}
