/** `--mount-type file`: a file of mode 0600 in memory (tmpfs). Elsewhere, the path is a link to it. */
import {
  closeSync,
  fstatSync,
  lstatSync,
  openSync,
  readlinkSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs"
import { basename, dirname, join, resolve } from "node:path"
import { isInMemory, newDirectory, overwrite, wipeDirectory } from "../storage/memory-directory.ts"
import { cannotMount, type Mounted, requireFree } from "./mounted.ts"

const purpose = { prefix: "halfkey-mount-", what: "the file of --mount", otherwise: "--mount-type fifo" }

export class MountedFile implements Mounted {
  readonly #path: string
  /** Where it is, if it is not at its path. */
  readonly #directory: string | undefined
  readonly #file: string
  #isThere = false
  /** Of what was written last: what takes its place is somebody else's. */
  #inode = 0

  /** Throws where something is at the path, and where no directory is in memory. */
  constructor(path: string, content: Uint8Array, candidates: readonly string[], typeOf?: (path: string) => number) {
    this.#path = resolve(path)
    requireFree(path)
    const isHere = isInMemory(dirname(this.#path), typeOf)
    this.#directory = isHere ? undefined : newDirectory(candidates, purpose, typeOf)
    this.#file = this.#directory === undefined ? this.#path : join(this.#directory, basename(this.#path))
    // Before anything is written: from here on, the end of the process removes it.
    process.on("exit", this.#end)
    this.#isThere = this.#directory !== undefined
    try {
      write(this.#file, content, (inode) => {
        // Ours before there is anything in it: it goes also where there is no room for all of it.
        this.#inode = inode
        this.#isThere = true
      })
      if (this.#directory !== undefined) symlinkSync(this.#file, this.#path)
    } catch (error) {
      this.remove()
      throw cannotMount(path, error)
    } finally {
      content.fill(0)
    }
  }

  /** In one step: whoever reads it sees all of one or all of the other. */
  update(content: Uint8Array): void {
    const next = join(dirname(this.#file), `.${basename(this.#file)}.halfkey-${process.pid}`)
    let written = 0
    try {
      write(next, content, (inode) => {
        written = inode
      })
      renameSync(next, this.#file)
      this.#inode = written
    } finally {
      content.fill(0)
      rmSync(next, { force: true })
    }
  }

  remove(): void {
    process.off("exit", this.#end)
    if (!this.#isThere) return
    this.#isThere = false
    try {
      if (this.#directory === undefined) overwrite(this.#path, this.#inode)
      else if (readlinkSync(this.#path) === this.#file) rmSync(this.#path, { force: true })
    } catch {
      // Somebody else has removed or replaced it.
    }
    try {
      if (this.#directory !== undefined) wipeDirectory(this.#directory)
      else if (lstatSync(this.#path).ino === this.#inode) rmSync(this.#path)
    } catch {
      // As above.
    }
  }

  readonly #end = () => this.remove()
}

function write(path: string, content: Uint8Array, opened: (inode: number) => void): void {
  const descriptor = openSync(path, "wx", 0o600)
  try {
    opened(fstatSync(descriptor).ino)
    writeFileSync(descriptor, content)
  } finally {
    closeSync(descriptor)
  }
}
