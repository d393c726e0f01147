/** Structured logs: one JSON line each. Requests are logged by pattern, and nothing that could hold a secret is. */
import { writeSync } from "node:fs"
import { type DestinationStream, type Logger, pino } from "pino"
import type { Config } from "./config.ts"

/** Should a request or its headers ever be logged, these are left out all the same. */
const redacted = [
  "req.headers.authorization",
  "req.headers.cookie",
  "headers.authorization",
  "headers.cookie",
  "body",
  "req.body",
  "err.body",
]

export function createLogger(level: Config["logLevel"], destination: DestinationStream): Logger {
  return pino(
    {
      level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      redact: { paths: redacted, remove: true },
    },
    destination,
  )
}

const flushMs = 20
const flushCharacters = 64 * 1024

/** Standard output, written a few times a second at most: a system call for each line would be felt under load. */
export class BufferedOutput implements DestinationStream {
  #pending = ""
  #timer: NodeJS.Timeout | undefined

  write(line: string): void {
    this.#pending += line
    if (this.#pending.length > flushCharacters) this.flush()
    // Keeps the process alive until the line is out.
    else this.#timer ??= setTimeout(() => this.flush(), flushMs)
  }

  /** Writes what is pending, at once. */
  flush(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    let rest: Uint8Array = Buffer.from(this.#pending)
    this.#pending = ""
    while (rest.length > 0) {
      try {
        rest = rest.subarray(writeSync(1, rest))
      } catch (error) {
        // A full pipe will be read sometime; one that nobody reads any more cannot be told.
        if ((error as NodeJS.ErrnoException).code !== "EAGAIN") return
      }
    }
  }
}
