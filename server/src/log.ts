/** Structured logs: one JSON line each. Requests are logged by pattern, and nothing that could hold a secret is. */
import { type DestinationStream, destination, type Logger, pino } from "pino"
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

export function createLogger(level: Config["logLevel"], target?: DestinationStream): Logger {
  return pino(
    {
      level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      redact: { paths: redacted, remove: true },
    },
    target ?? destination({ dest: 1, sync: true }),
  )
}
