/** How long this disk takes to make a write durable: what no server with a durable audit log can be quicker than. */
import { closeSync, fdatasyncSync, openSync, writeSync } from "node:fs"
import { join } from "node:path"
import { median } from "./measure.ts"

const block = new Uint8Array(16 * 1024)
const blocks = 64

export class DiskProbe {
  readonly #file: number
  #next = 0
  readonly #seen: number[] = []

  /** Uses a file in this directory, on the disk of the server that is measured. */
  constructor(directory: string) {
    this.#file = openSync(join(directory, "disk-probe"), "w")
    // The file grows now, not while it is measured.
    for (let index = 0; index < blocks; index++) writeSync(this.#file, block, 0, block.length, index * block.length)
    fdatasyncSync(this.#file)
  }

  /** A few writes, each made durable. */
  probe(): void {
    for (let count = 0; count < 5; count++) {
      writeSync(this.#file, block, 0, block.length, (this.#next++ % blocks) * block.length)
      const start = performance.now()
      fdatasyncSync(this.#file)
      this.#seen.push(performance.now() - start)
    }
  }

  /** Median in milliseconds of all that were probed. */
  get medianMs(): number {
    return median(this.#seen)
  }

  close(): void {
    closeSync(this.#file)
  }
}
