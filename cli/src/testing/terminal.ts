/** A command at a terminal, by `script` of util-linux: what is typed goes through a real line discipline. */
import { type ChildProcessByStdio, spawn, spawnSync } from "node:child_process"
import { once } from "node:events"
import type { Readable, Writable } from "node:stream"
import { fileURLToPath } from "node:url"

const bin = fileURLToPath(new URL("../../bin/halfkey.js", import.meta.url))

export const scriptCommand = "script"

/** `false`, or why tests at a terminal cannot run here. */
export const noTerminal: string | false = /util-linux/.test(
  spawnSync(scriptCommand, ["--version"], { encoding: "utf8" }).stdout ?? "",
)
  ? false
  : "script of util-linux is not installed"

export class Terminal {
  readonly #script: ChildProcessByStdio<Writable, Readable, null>
  readonly #closed: Promise<unknown[]>
  #shown = ""
  #seen = 0
  #waiting: (() => void) | undefined

  /** Starts `halfkey` with these arguments; none of them may need quotes beyond single ones. `afterwards`: a line of shell. */
  constructor(args: readonly string[], env: Readonly<Record<string, string>>, cwd?: string, afterwards?: string) {
    const line = [process.execPath, bin, ...args].map((word) => `'${word}'`).join(" ")
    const command =
      afterwards === undefined ? `exec ${line}` : `trap : INT; ${line}; code=$?; ${afterwards}; exit $code`
    this.#script = spawn(scriptCommand, ["-q", "-e", "-E", "always", "-c", command, "/dev/null"], {
      cwd,
      env: { ...env, SHELL: "/bin/sh", TERM: env["TERM"] ?? "xterm" },
      stdio: ["pipe", "pipe", "inherit"],
    })
    this.#closed = once(this.#script, "close")
    this.#script.stdout.setEncoding("utf8").on("data", (text) => {
      this.#shown += text
      this.#waiting?.()
    })
    this.#script.on("close", () => this.#waiting?.())
  }

  /** Resolves when the screen shows `text`, behind what was waited for before. */
  async shows(text: string): Promise<void> {
    while (!this.#shown.slice(this.#seen).includes(text)) {
      if (this.#script.exitCode !== null)
        throw new Error(`${JSON.stringify(text)} never came: ${JSON.stringify(this.#shown)}`)
      await new Promise<void>((resolve) => {
        this.#waiting = resolve
      })
    }
    this.#seen = this.#shown.indexOf(text, this.#seen) + text.length
  }

  /** Resolves to whether the screen came to end like this, as behind a question; `false` when the command ended. */
  async asks(question: RegExp): Promise<boolean> {
    while (!question.test(this.#shown)) {
      if (this.#script.exitCode !== null) return false
      await new Promise<void>((resolve) => {
        this.#waiting = resolve
      })
    }
    return true
  }

  type(text: string): void {
    this.#script.stdin.write(text)
  }

  /** Everything that was shown, and the exit code. */
  async end(): Promise<{ readonly shown: string; readonly code: number | null }> {
    const [code] = (await this.#closed) as [number | null]
    return { shown: this.#shown.replaceAll("\r\n", "\n"), code }
  }
}
