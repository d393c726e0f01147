/** The three standard streams and every question about the terminal, in one object that tests can replace. */
import { closeSync, openSync, readSync, writeSync } from "node:fs"
import { isatty } from "node:tty"
import { HalfkeyError } from "@halfkey/core/formats/errors"
import { concatBytes } from "@halfkey/core/primitives/bytes"

export interface Streams {
  readonly stdinIsTerminal: boolean
  readonly stdoutIsTerminal: boolean
  /** Whether progress may be shown: a line that is written over again and again. */
  readonly stderrIsTerminal: boolean
  /** Whether text may be bold or coloured. */
  readonly colors: boolean
  /** Columns of the terminal that shows stdout, or stderr; `undefined` where there is none, or it does not tell. */
  readonly columns: number | undefined
  /** Data: the answer to what was asked, and nothing else. */
  out(data: string | Uint8Array): void
  /** Everything else. */
  err(text: string): void
  /** All of stdin. Throws `value_too_large` above `limit` bytes, without reading further. */
  readAll(limit: number): Promise<Uint8Array>
}

/** stdout's reader went away (`| head`): there is nobody left to tell, so the process ends silently. */
export class BrokenPipe extends Error {
  override readonly name = "BrokenPipe"
}

/** The process's own. `env` decides about colour: NO_COLOR, TERM=dumb. */
export function processStreams(env: Readonly<Record<string, string | undefined>>, color = true): Streams {
  const stdoutIsTerminal = isatty(1)
  return {
    // Node's own streams are made by who asks: `run` does not.
    get columns() {
      const { stdout, stderr } = process
      return (stdoutIsTerminal && stdout.columns) || (isatty(2) && stderr.columns) || undefined
    },
    stdinIsTerminal: isatty(0),
    stdoutIsTerminal,
    stderrIsTerminal: isatty(2) && env["TERM"] !== "dumb",
    colors: color && stdoutIsTerminal && !env["NO_COLOR"] && env["TERM"] !== "dumb",
    out: (data) => {
      try {
        writeFully(1, data)
      } catch (error) {
        if (error instanceof BrokenPipe) throw error
        const { code = "unknown reason" } = error as NodeJS.ErrnoException
        throw new HalfkeyError("unexpected", `the output could not be written: ${code}`, {
          hint: "what was written is incomplete: make room, or write elsewhere, and run the same again",
        })
      }
    },
    err: (text) => {
      try {
        writeFully(2, text)
      } catch {
        // Nowhere is left to say so.
      }
    },
    readAll: async (limit) => readDescriptor(0, limit),
  }
}

/** Reads a file or stdin to its end, at most `limit` bytes. */
function readDescriptor(descriptor: number, limit: number): Uint8Array {
  const parts: Uint8Array[] = []
  let length = 0
  for (;;) {
    const buffer = new Uint8Array(Math.min(limit + 1, 65_536))
    const count = retrying(() => readSync(descriptor, buffer))
    if (count === 0) return concatBytes(...parts)
    length += count
    if (length > limit) {
      throw new HalfkeyError("value_too_large", `the value is larger than ${limit} bytes`, {
        hint: "split it, or keep the large part elsewhere and only its key here",
      })
    }
    parts.push(buffer.subarray(0, count))
  }
}

/** As `readDescriptor`, by path. */
export function readFileBounded(path: string, limit: number): Uint8Array {
  const descriptor = openSync(path, "r")
  try {
    return readDescriptor(descriptor, limit)
  } finally {
    closeSync(descriptor)
  }
}

function writeFully(descriptor: number, data: string | Uint8Array): void {
  const bytes = typeof data === "string" ? new TextEncoder().encode(data) : data
  let offset = 0
  while (offset < bytes.length) offset += retrying(() => writeSync(descriptor, bytes, offset))
}

/** A pipe or terminal that somebody made non-blocking answers EAGAIN instead of waiting. */
function retrying(action: () => number): number {
  for (;;) {
    try {
      return action()
    } catch (error) {
      const { code } = error as { code?: string }
      if (code === "EPIPE") throw new BrokenPipe()
      if (code === "EOF") return 0
      if (code !== "EAGAIN" && code !== "EINTR") throw error
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5)
    }
  }
}
