/** Structured logs: one JSON line each. Requests are logged by pattern, and nothing that could hold a secret is. */
import { writeSync } from "node:fs"
import { type DestinationStream, type Logger, pino } from "pino"
import type { Config } from "./config.ts"
import { timeText } from "./services/time-text.ts"

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

/** What is known of a request when it was answered. */
export interface RequestLine {
  readonly requestId: string
  readonly method: string
  /** The pattern, never the path: names of secrets are in it. */
  readonly route: string
  readonly status: number
  readonly ms: number
  readonly apiKeyId: string | undefined
  readonly clientId: string | undefined
}

/** Writes the line of each request, at level info: as the logger would, in a third of the time. */
export function requestLog(logger: Logger, destination: DestinationStream): (line: RequestLine) => void {
  if (!logger.isLevelEnabled("info")) return () => {}
  return (line) =>
    destination.write(`${JSON.stringify({ level: "info", time: timeText(Date.now()), ...line, msg: "request" })}\n`)
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
