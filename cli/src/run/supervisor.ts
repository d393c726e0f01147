/** Keeps a program beside this process: passes signals on, starts it again with other variables, and ends with it. */
import type { ChildProcess } from "node:child_process"
import { constants } from "node:os"
import { isatty } from "node:tty"
import { type Ended, untilEnd } from "./child-process.ts"

export interface Pace {
  /** From SIGTERM to SIGKILL. */
  readonly graceMs: number
  /** Before a program that died is started again: at first, doubled with each death, and at most. */
  readonly firstPauseMs: number
  readonly longestPauseMs: number
  /** One that ran so long did not keep dying. */
  readonly steadyMs: number
}

const usualPace: Pace = { graceMs: 10_000, firstPauseMs: 1000, longestPauseMs: 60_000, steadyMs: 60_000 }

export interface Supervised {
  readonly command: readonly string[]
  /** Whether the program is started again when it fails, and waited for when it ends well. */
  readonly keep: boolean
  /** For what a person should know, without a newline. */
  note(text: string): void
  /** For why nothing could be started: whole lines. */
  tell(text: string): void
}

const ending = ["SIGTERM", "SIGINT", "SIGQUIT", "SIGHUP"] as const
const passed = ["SIGUSR1", "SIGUSR2", "SIGALRM"] as const

export class Supervisor {
  /** The exit code of all, or a failure that is not the program's. */
  readonly ended: Promise<number>
  readonly #program: Supervised
  readonly #pace: Pace
  readonly #atTerminal = isatty(0) || isatty(1) || isatty(2)
  #variables: Record<string, string> = {}
  #child: ChildProcess | undefined
  #isStarted = false
  #isEnding = false
  #isReplacing = false
  #failure: unknown
  #deaths = 0
  #killTimer: NodeJS.Timeout | undefined
  #pause: NodeJS.Timeout | undefined
  #resolve: (exit: number) => void = () => {}
  #reject: (error: unknown) => void = () => {}

  /** From now on a signal ends this process in the ordinary way, by `process.exit`. */
  constructor(program: Supervised, pace = usualPace) {
    this.#program = program
    this.#pace = pace
    this.ended = new Promise((resolve, reject) => {
      this.#resolve = resolve
      this.#reject = reject
    })
    // It may come before anybody waits for it.
    this.ended.catch(() => undefined)
    for (const signal of ending) process.on(signal, () => this.#onEndingSignal(signal))
    for (const signal of passed) process.on(signal, () => this.#child?.kill(signal))
    // Ctrl-Z and fg at a terminal reach the group, the program included; without one, only this process.
    if (this.#atTerminal) return
    for (const signal of ["SIGTSTP", "SIGCONT"] as const) process.on(signal, () => this.#child?.kill(signal))
  }

  start(variables: Record<string, string>): void {
    this.#isStarted = true
    this.#variables = variables
    this.#begin()
  }

  /** Ends the program, and starts it with these; at once, where none is running. */
  restart(variables: Record<string, string>): void {
    if (this.#isEnding) return
    this.#variables = variables
    this.#deaths = 0
    clearTimeout(this.#pause)
    if (this.#child === undefined) this.#begin()
    else if (!this.#isReplacing) {
      this.#isReplacing = true
      this.#stop("SIGTERM")
    }
  }

  /** Sends a signal to the program; where none is running, it is started with these variables. */
  signal(signal: NodeJS.Signals, variables: Record<string, string>): void {
    if (this.#child === undefined || this.#isReplacing) this.restart(variables)
    else {
      this.#variables = variables
      this.#child.kill(signal)
    }
  }

  /** Ends the program, and then with this failure. */
  fail(error: unknown): void {
    this.#failure = error
    this.#isEnding = true
    clearTimeout(this.#pause)
    if (this.#child === undefined) this.#reject(error)
    else this.#stop("SIGTERM")
  }

  #begin(): void {
    const startedAt = performance.now()
    const { command, tell } = this.#program
    untilEnd(command, this.#variables, tell, (child) => {
      this.#child = child
    }).then(
      (ended) => this.#onEnd(ended, performance.now() - startedAt),
      (error) => this.#reject(error),
    )
  }

  #onEnd({ exit, signal, wasStarted }: Ended, ranMs: number): void {
    this.#child = undefined
    clearTimeout(this.#killTimer)
    const byPerson = signal === "SIGINT" || signal === "SIGQUIT" || signal === "SIGHUP"
    if (this.#failure !== undefined) this.#reject(this.#failure)
    else if (this.#isEnding || !wasStarted) this.#resolve(exit)
    else if (this.#isReplacing) {
      this.#isReplacing = false
      this.#begin()
    } else if (!this.#program.keep || byPerson) this.#resolve(exit)
    else if (exit === 0) {
      this.#deaths = 0
      this.#program.note("the program has ended well; it is started again when a secret changes")
    } else this.#beginLater(exit, ranMs)
  }

  #beginLater(exit: number, ranMs: number): void {
    const { firstPauseMs, longestPauseMs, steadyMs } = this.#pace
    this.#deaths = ranMs >= steadyMs ? 1 : this.#deaths + 1
    const pauseMs = Math.min(firstPauseMs * 2 ** (this.#deaths - 1), longestPauseMs)
    this.#program.note(`the program ended with ${exit}; it is started again in ${pauseMs / 1000} s`)
    this.#pause = setTimeout(() => this.#begin(), pauseMs)
  }

  #onEndingSignal(signal: (typeof ending)[number]): void {
    const exit = 128 + constants.signals[signal]
    if (!this.#isStarted) process.exit(exit)
    clearTimeout(this.#pause)
    if (this.#child === undefined) this.#resolve(exit)
    else this.#passEndingSignal(signal, this.#child)
  }

  #passEndingSignal(signal: (typeof ending)[number], child: ChildProcess): void {
    const { keep } = this.#program
    // Many programs read their settings again on SIGHUP, and some live on after Ctrl-C: these decide, as they do under run.
    if (signal === "SIGTERM" || this.#isReplacing || (keep && signal !== "SIGHUP")) this.#isEnding = true
    // A terminal sends these two to the whole foreground group: a second copy would look like impatience.
    const isSentAlready = this.#atTerminal && (signal === "SIGINT" || signal === "SIGQUIT")
    if (!isSentAlready) child.kill(signal)
    if (this.#isEnding && keep) this.#killLater()
  }

  #stop(signal: NodeJS.Signals): void {
    this.#child?.kill(signal)
    // A stopped program acts on nothing else.
    this.#child?.kill("SIGCONT")
    this.#killLater()
  }

  #killLater(): void {
    clearTimeout(this.#killTimer)
    this.#killTimer = setTimeout(() => this.#child?.kill("SIGKILL"), this.#pace.graceMs)
  }
}
