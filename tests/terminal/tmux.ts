/** A screen of a width that a test chooses, by tmux: what a person sees there, and what a person types. */
import { execFile, spawnSync } from "node:child_process"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { promisify } from "node:util"

const program = "tmux"
const execute = promisify(execFile)

/** `false`, or the line that says why nothing is tried. */
export const noTmux: string | false =
  spawnSync(program, ["-V"]).status === 0 ? false : "tmux is not installed, so narrow terminals are not tried"
if (noTmux) console.log(`LEFT OUT: ${noTmux}`)

export class Screen {
  readonly #folder = mkdtempSync(join(tmpdir(), "halfkey-tmux-"))
  readonly #env: Readonly<Record<string, string>>

  private constructor(env: Readonly<Record<string, string>>) {
    this.#env = { ...env, TMUX_TMPDIR: this.#folder, LC_ALL: "C.UTF-8" }
  }

  /** A shell without a prompt, in `directory`. */
  static async open(columns: number, env: Readonly<Record<string, string>>, directory: string): Promise<Screen> {
    const screen = new Screen(env)
    const size = ["-x", String(columns), "-y", "50", "-c", directory]
    await screen.#tmux(
      "-f",
      "/dev/null",
      "new-session",
      "-d",
      ...size,
      "PS1= exec sh",
      ";",
      "set",
      "-g",
      "history-limit",
      "50000",
    )
    // The limit counts for windows that are made afterwards.
    await screen.#tmux("respawn-window", "-k", "PS1= exec sh")
    return screen
  }

  async type(text: string): Promise<void> {
    await this.#tmux("send-keys", "-l", text)
  }

  async press(key: "Enter" | "C-c" | "C-z"): Promise<void> {
    await this.#tmux("send-keys", key)
  }

  /** Everything from the start: lines as the screen breaks them, or as they were printed. */
  async shown(lines: "as seen" | "as printed" = "as printed"): Promise<string> {
    return await this.#tmux("capture-pane", "-p", "-S", "-", ...(lines === "as printed" ? ["-J"] : []))
  }

  /** Resolves when the screen shows it. */
  async until(text: string): Promise<void> {
    // tmux tells nobody when a screen has changed.
    while (!(await this.shown()).includes(text)) await new Promise((resolve) => setTimeout(resolve, 50))
  }

  async close(): Promise<void> {
    await this.#tmux("kill-server")
    rmSync(this.#folder, { recursive: true, force: true })
  }

  async #tmux(...args: string[]): Promise<string> {
    const { stdout } = await execute(program, ["-u", ...args], { env: this.#env, maxBuffer: 1 << 26 })
    return stdout
  }
}
