/** Audit entries appended to a file, one JSON object a line, on disk before the stream goes on. */
import { type FileHandle, open } from "node:fs/promises"
import type { WorkspaceId } from "@halfkey/core/formats/ids"
import type { StoredEntry } from "../domain/audit/audit-store.ts"
import { entryLine, type StreamTarget } from "./stream-target.ts"

export class FileTarget implements StreamTarget {
  readonly name = "file"
  readonly #path: string
  #file: FileHandle | undefined
  #isOutdated = false

  constructor(path: string) {
    this.#path = path
  }

  async deliver(_workspaceId: WorkspaceId, entries: readonly StoredEntry[]): Promise<void> {
    try {
      if (this.#isOutdated) await this.close()
      this.#file ??= await this.#open()
      await this.#file.appendFile(`${entries.map(entryLine).join("\n")}\n`)
      await this.#file.datasync()
    } catch (error) {
      // Part of it may be there: the next try begins a line of its own.
      await this.close()
      throw error
    }
  }

  /** The next entries go to the file that has this name then: for logrotate. */
  reopen(): void {
    this.#isOutdated = true
  }

  async close(): Promise<void> {
    const file = this.#file
    this.#file = undefined
    this.#isOutdated = false
    await file?.close()
  }

  async #open(): Promise<FileHandle> {
    const file = await open(this.#path, "a+", 0o600)
    try {
      const { size } = await file.stat()
      const last = new Uint8Array(1)
      if (size > 0) await file.read(last, 0, 1, size - 1)
      // A line that a crash cut off must not take the next one with it.
      if (size > 0 && last[0] !== 0x0a) await file.appendFile("\n")
      return file
    } catch (error) {
      await file.close()
      throw error
    }
  }
}
