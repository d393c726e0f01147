/** A context whose streams are buffers, and temporary directories that go when the test ends. */
import { mkdtempSync, realpathSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import type { TestContext } from "node:test"
import { concatBytes, utf8 } from "@halfkey/core/primitives/bytes"
import type { GlobalOptions } from "../command.ts"
import type { Context, World } from "../context.ts"
import { createContext } from "../create-context.ts"
import type { Prompts } from "../input/prompts.ts"
import { makeAdmin } from "../make-admin.ts"
import type { Streams } from "../streams.ts"

export interface TestWorld extends Partial<Omit<World, "streams">> {
  /** What a pipe delivers; without it, stdin is a terminal. */
  readonly stdin?: string | Uint8Array
  readonly stdoutIsTerminal?: boolean
  readonly stderrIsTerminal?: boolean
  readonly columns?: number
}

export interface Recorded {
  readonly context: Context
  /** Everything printed so far. */
  stdout(): Uint8Array
  stderr(): string
}

export function testContext(world: TestWorld = {}): Recorded {
  const { stdin, stdoutIsTerminal = false, stderrIsTerminal = false, columns, ...rest } = world
  const printed: Uint8Array[] = []
  let told = ""
  const streams: Streams = {
    stdinIsTerminal: stdin === undefined,
    stdoutIsTerminal,
    stderrIsTerminal,
    colors: false,
    columns,
    out: (data) => void printed.push(typeof data === "string" ? utf8(data) : data.slice()),
    err: (text) => {
      told += text
    },
    readAll: async () => (typeof stdin === "string" ? utf8(stdin) : (stdin ?? new Uint8Array(0))),
  }
  const nobody: Prompts = {
    allowed: false,
    hidden: () => Promise.reject(new Error("nobody was to be asked")),
    confirm: () => Promise.reject(new Error("nobody was to be asked")),
    line: () => Promise.reject(new Error("nobody was to be asked")),
  }
  const options: GlobalOptions = {}
  const context = createContext({
    options,
    env: {},
    cwd: "/",
    now: Date.now,
    prompts: nobody,
    makeAdmin,
    ...rest,
    streams,
  })
  return { context, stdout: () => concatBytes(...printed), stderr: () => told }
}

export function temporaryDirectory(test: TestContext): string {
  // realpath: on macOS the temporary directory is behind a link.
  const path = realpathSync(mkdtempSync(join(tmpdir(), "halfkey-cli-")))
  test.after(() => rmSync(path, { recursive: true, force: true }))
  return path
}
