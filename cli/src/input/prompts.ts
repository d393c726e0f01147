/** Questions to the person at the terminal. They are asked on stderr or /dev/tty, so stdout stays data. */
import { closeSync, openSync, writeSync } from "node:fs"
import { isatty } from "node:tty"
import { Interrupted, usageError } from "../failure.ts"
import type { Streams } from "../streams.ts"
import { bracketedPaste, HiddenInput, type HiddenState } from "./hidden-input.ts"

export interface Prompts {
  /** Whether somebody can be asked: stdin is a terminal, and `--no-input` was not given. */
  readonly allowed: boolean
  /** Asks for something secret: nothing is echoed. Throws `Interrupted` at Ctrl-C. */
  hidden(question: string): Promise<Uint8Array>
  /** Asks for yes or no; Enter means no. Throws `Interrupted` at Ctrl-C. */
  confirm(question: string): Promise<boolean>
  /** Asks for a line of text, which is shown as it is typed. Throws `Interrupted` at Ctrl-C. */
  line(question: string): Promise<string>
}

/** `marksPastes`: whether the terminal knows more than plain text (TERM is not dumb). */
export function terminalPrompts(streams: Streams, allowInput: boolean, marksPastes: boolean): Prompts {
  return {
    allowed: allowInput && streams.stdinIsTerminal,
    hidden: (question) => askHidden(question, marksPastes ? bracketedPaste : { on: "", off: "" }),
    confirm: askToConfirm,
    line: askLine,
  }
}

async function askHidden(question: string, marks: typeof bracketedPaste): Promise<Uint8Array> {
  const input = new HiddenInput()
  const state = await withTerminal(async (write) => {
    // Before the question: what is typed from then on must not be echoed.
    process.stdin.setRawMode(true)
    try {
      write(`${question}: ${marks.on}`)
      const end = await readUntil((bytes) => input.feed(bytes))
      if (end === "several-lines") await discardInput()
      return end
    } finally {
      process.stdin.setRawMode(false)
      write(`${marks.off}\n`)
    }
  })
  try {
    if (state === "interrupted") throw new Interrupted()
    if (state === "several-lines") {
      throw usageError("several lines arrived at once, so the value was not taken", "--value-file FILE, or < FILE")
    }
    return input.value()
  } finally {
    input.wipe()
  }
}

async function askToConfirm(question: string): Promise<boolean> {
  return /^(y|yes)$/i.test(await askLine(`${question} [y/N]`))
}

async function askLine(question: string): Promise<string> {
  return await withTerminal(async (write) => {
    write(`${question} `)
    let line = ""
    let onInterrupt = () => {}
    const interrupted = new Promise<HiddenState>((resolve) => {
      onInterrupt = () => resolve("interrupted")
    })
    process.on("SIGINT", onInterrupt)
    let state: HiddenState
    try {
      state = await Promise.race([
        interrupted,
        readUntil((bytes) => {
          line += Buffer.from(bytes).toString()
          return line.includes("\n") ? "done" : "more"
        }),
      ])
    } finally {
      // That of others stays, such as of an editor's file that must go at Ctrl-C.
      process.off("SIGINT", onInterrupt)
    }
    if (state === "interrupted") {
      write("\n")
      throw new Interrupted()
    }
    return line.trim()
  })
}

/** Reads stdin until `take` is satisfied or stdin ends. */
function readUntil(take: (bytes: Uint8Array) => HiddenState): Promise<HiddenState> {
  return new Promise((resolve, reject) => {
    const finish = (state: HiddenState) => {
      process.stdin.off("data", onData).off("end", onEnd).off("error", reject).pause()
      resolve(state)
    }
    const onData = (bytes: Uint8Array) => {
      const state = take(bytes)
      bytes.fill(0)
      if (state !== "more") finish(state)
    }
    const onEnd = () => finish("done")
    process.stdin.on("data", onData).on("end", onEnd).on("error", reject).resume()
  })
}

/** Swallows the rest of a paste, so that it does not become commands of the shell. */
async function discardInput(): Promise<void> {
  const swallow = () => {}
  process.stdin.on("data", swallow).resume()
  await new Promise((resolve) => setTimeout(resolve, 100))
  process.stdin.off("data", swallow).pause()
}

/** stderr where the person can see it, else the terminal itself. */
async function withTerminal<T>(action: (write: (text: string) => void) => Promise<T>): Promise<T> {
  const own = isatty(2) ? undefined : openSync("/dev/tty", "w")
  try {
    return await action((text) => writeSync(own ?? 2, text))
  } finally {
    if (own !== undefined) closeSync(own)
  }
}
