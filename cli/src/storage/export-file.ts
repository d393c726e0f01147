/** Exports of the audit log: a file of JSON lines `{ "index": …, "entry": "…" }` that grows from run to run. */
import { closeSync, constants, fstatSync, fsyncSync, ftruncateSync, openSync, readSync, writeSync } from "node:fs"
import { HalfkeyError } from "@halfkey/core/formats/errors"
import type { AuditLogEntry } from "halfkey/admin"

const newline = 0x0a
const chunkLength = 1024 * 1024

export class ExportFile {
  readonly #path: string
  readonly #descriptor: number
  #size: number
  /** What comes next; `undefined` where the file is empty, which may begin behind archived entries. */
  #next: number | undefined
  /** Index of the last entry that is there. */
  readonly last: number | undefined

  /** Opens or makes it. A line that an interruption cut off is taken away. Throws for a file of something else. */
  constructor(path: string) {
    this.#path = path
    this.#descriptor = opened(path, constants.O_RDWR | constants.O_CREAT)
    try {
      const { end, line } = lastLine(this.#descriptor)
      if (end === 0) requireCutOff(this.#descriptor, path)
      this.last = line === "" ? undefined : parseLine(line, path, undefined).index
      this.#next = this.last === undefined ? undefined : this.last + 1
      ftruncateSync(this.#descriptor, end)
      this.#size = end
    } catch (error) {
      closeSync(this.#descriptor)
      throw error
    }
  }

  /** Throws where entries are missing in between: with a gap, the file would prove nothing ever after. */
  add(entries: readonly AuditLogEntry[]): void {
    const first = entries[0]?.index ?? this.#next
    if (this.#next !== undefined && first !== this.#next) {
      throw new HalfkeyError(
        "invalid_argument",
        `${this.#path} ends with entry ${this.#next - 1}, and the log of the server goes on with entry ${first}: nothing was added`,
        { hint: "halfkey audit export --file NEW-FILE   (to verify: --file ARCHIVE --file NEW-FILE)" },
      )
    }
    const bytes = Buffer.from(entries.map(exportLine).join(""))
    try {
      for (let written = 0; written < bytes.length; ) {
        written += writeSync(this.#descriptor, bytes, written, bytes.length - written, this.#size + written)
      }
      this.#size += bytes.length
      const last = entries.at(-1)?.index
      if (last !== undefined) this.#next = last + 1
    } catch (error) {
      const { code = "unknown reason" } = error as NodeJS.ErrnoException
      throw new HalfkeyError("invalid_configuration", `${this.#path} could not be written: ${code}`, {
        hint: "make room, and run the same again: it goes on where the file ends",
      })
    }
  }

  /** Afterwards, all of it survives a power failure. */
  close(): void {
    fsyncSync(this.#descriptor)
    closeSync(this.#descriptor)
  }
}

export function exportLine({ index, entry }: AuditLogEntry): string {
  return `${JSON.stringify({ index, entry })}\n`
}

/** All entries of a file, one after the other, in little memory. Throws `invalid_argument` naming the line that is none. */
export function* readExport(path: string): Generator<AuditLogEntry, void> {
  const descriptor = opened(path, constants.O_RDONLY)
  try {
    const chunk = Buffer.alloc(chunkLength)
    let rest: Buffer = Buffer.alloc(0)
    let number = 0
    for (;;) {
      const length = readSync(descriptor, chunk)
      const text: Buffer = Buffer.concat([rest, chunk.subarray(0, length)])
      let start = 0
      for (let end = text.indexOf(newline); end !== -1; end = text.indexOf(newline, start)) {
        yield parseLine(text.toString("utf8", start, end), path, ++number)
        start = end + 1
      }
      rest = text.subarray(start)
      // A last line without its end is not whole.
      if (length === 0) return
    }
  } finally {
    closeSync(descriptor)
  }
}

/** Of several files, one after the other. */
export function* readExports(paths: readonly string[]): Generator<AuditLogEntry, void> {
  for (const path of paths) yield* readExport(path)
}

function parseLine(line: string, path: string, number: number | undefined): AuditLogEntry {
  try {
    const { index, entry } = JSON.parse(line) as Partial<AuditLogEntry>
    if (Number.isSafeInteger(index) && typeof entry === "string" && entry.isWellFormed()) {
      return { index: index as number, entry }
    }
  } catch {
    // Told below.
  }
  const where = number === undefined ? "its last line" : `line ${number}`
  throw new HalfkeyError("invalid_argument", `${path} is no export of an audit log: ${where} is no entry`, {
    hint: "halfkey audit export --file NEW-FILE",
  })
}

/** A file without a whole line is taken for the beginning of an export only if it is one: what it holds goes. */
function requireCutOff(descriptor: number, path: string): void {
  const begun = '{"index":'
  const start = Buffer.alloc(begun.length)
  const length = readSync(descriptor, start, 0, start.length, 0)
  if (begun.startsWith(start.toString("latin1", 0, length))) return
  parseLine("", path, undefined)
}

/** The last whole line, and where it ends. */
function lastLine(descriptor: number): { end: number; line: string } {
  const { size } = fstatSync(descriptor)
  let end = 0
  for (let from = size, tail = Buffer.alloc(0); from > 0; ) {
    const length = Math.min(chunkLength, from)
    const part = Buffer.alloc(length)
    from -= length
    readSync(descriptor, part, 0, length, from)
    tail = Buffer.concat([part, tail])
    const last = tail.lastIndexOf(newline)
    if (last === -1) continue
    end = from + last + 1
    const start = last === 0 ? -1 : tail.lastIndexOf(newline, last - 1)
    if (start !== -1 || from === 0) return { end, line: tail.toString("utf8", start + 1, last) }
  }
  return { end, line: "" }
}

function opened(path: string, flags: number): number {
  try {
    return openSync(path, flags, 0o600)
  } catch (error) {
    const { code = "unknown reason" } = error as NodeJS.ErrnoException
    throw new HalfkeyError("invalid_argument", `${path} cannot be opened: ${code}`)
  }
}
