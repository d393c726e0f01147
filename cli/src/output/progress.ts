/** Progress of long work: one line of a terminal, written over; nothing anywhere else. */
import type { Context } from "../context.ts"

/** Clears the line that the cursor is in. */
const clear = "\r\u{1b}[2K"

export class ProgressLine {
  readonly #context: Context
  #shown = false

  constructor(context: Context) {
    this.#context = context
  }

  /** `what` names the work, as `production: sealed again`. */
  show(what: string, done: number, total: number): void {
    const { options, streams } = this.#context
    if (!streams.stderrIsTerminal || options.quiet || total === 0) return
    const percent = Math.floor((100 * done) / total)
    this.#write(`${what} ${done.toLocaleString("en-US")} of ${total.toLocaleString("en-US")} (${percent} %)`)
  }

  /** Work without an end that is known, as `waiting for an admin, 12 s`. */
  note(what: string): void {
    const { options, streams } = this.#context
    if (!streams.stderrIsTerminal || options.quiet) return
    this.#write(what)
  }

  /** Only one line can be cleared: what does not fit is left out, at the front, since the end is what changes. */
  #write(text: string): void {
    const { columns = Number.POSITIVE_INFINITY, err } = this.#context.streams
    const shown = text.length < columns ? text : `…${text.slice(text.length - columns + 2)}`
    err(`${clear}${shown}`)
    this.#shown = true
  }

  /** Takes the line away, so that whatever follows starts on an empty one. */
  end(): void {
    if (this.#shown) this.#context.streams.err(clear)
    this.#shown = false
  }
}
