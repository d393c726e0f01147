/** The server's log: kept in a private file, and told to the person only where something is wrong. */
import { appendFileSync, renameSync, statSync } from "node:fs"

/** Above this the file moves to `server.log.1`, so that the two never take more than twice as much. */
const rotateAboveBytes = 10 * 1024 * 1024
const told: Readonly<Record<string, string>> = { warn: "warning", error: "error", fatal: "error" }

export interface LogLine {
  readonly level: string
  readonly message: string
}

/** Reads a line of the server's JSON log; `undefined` for anything else, such as a start error in plain words. */
export function parseLogLine(line: string): LogLine | undefined {
  if (!line.startsWith("{")) return undefined
  try {
    const { level, msg } = JSON.parse(line) as { level?: unknown; msg?: unknown }
    if (typeof level !== "string") return undefined
    return { level, message: typeof msg === "string" ? msg : "" }
  } catch {
    return undefined
  }
}

/** What the person is told of a line: nothing below a warning; plain words as they are. */
export function readable(line: string): string | undefined {
  const parsed = parseLogLine(line)
  if (parsed === undefined) return line === "" ? undefined : `${line}\n`
  const kind = Object.hasOwn(told, parsed.level) ? told[parsed.level] : undefined
  return kind === undefined ? undefined : `halfkey-server: ${kind}: ${parsed.message}\n`
}

/** Address that the server says it listens on, in its one line about it. */
export function listeningAddress(line: string): string | undefined {
  return /halfkey-server listening on (https?:\/\/[^\s"]+)/.exec(line)?.[1]
}

/** Appends to a file that only its owner may read. A full disk must not stop the server: the line is lost. */
export class LogFile {
  readonly #path: string
  #size: number

  constructor(path: string) {
    this.#path = path
    this.#size = sizeOf(path)
  }

  append(line: string): void {
    try {
      if (this.#size > rotateAboveBytes) {
        renameSync(this.#path, `${this.#path}.1`)
        this.#size = 0
      }
      appendFileSync(this.#path, `${line}\n`, { mode: 0o600 })
      this.#size += Buffer.byteLength(line) + 1
    } catch {
      // See above.
    }
  }
}

function sizeOf(path: string): number {
  try {
    return statSync(path).size
  } catch {
    return 0
  }
}

/** Cuts a stream of bytes into lines. The last one, without a newline, comes at the end. */
export async function* linesOf(source: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder()
  let rest = ""
  for await (const chunk of source) {
    const parts = (rest + decoder.decode(chunk, { stream: true })).split("\n")
    rest = parts.pop() ?? ""
    yield* parts
  }
  if (rest !== "") yield rest
}
