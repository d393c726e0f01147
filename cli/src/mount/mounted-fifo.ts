/**
 * `--mount-type fifo`: a pipe with a name, of which nothing is ever on a disk. Each reader gets a pipe of its own: as soon as
 * somebody has opened the one at the path, another one takes its place there.
 */
import { spawnSync } from "node:child_process"
import { randomBytes } from "node:crypto"
import { closeSync, constants, fstatSync, lstatSync, open, openSync, renameSync, rmSync } from "node:fs"
import { Socket } from "node:net"
import { basename, dirname, join, resolve } from "node:path"
import { HalfkeyError } from "@halfkey/core/formats/errors"
import { cannotMount, type Mounted, requireFree } from "./mounted.ts"

/** Of Linux: a handle of the pipe itself, wherever it is moved to, that does not count as a reader. */
const handleOnly = process.platform === "linux" ? 0o10000000 : undefined

/**
 * A pipe that nobody has opened yet. Opening it for writing waits, in a thread, for a reader; so that this wait can always be
 * ended, also at the end of the process, which waits for its threads.
 */
class WaitingPipe {
  #path: string
  readonly #handle: number | undefined
  readonly #inode: number
  #isWaiting = true
  #isEnded = false
  /** Ours, to end the wait. */
  #reader: number | undefined

  /** Throws what the system says. */
  constructor(path: string, onReader: (descriptor: number) => void) {
    this.#path = path
    makePipe(path)
    this.#handle = handleOnly === undefined ? undefined : openSync(path, handleOnly)
    this.#inode = lstatSync(path).ino
    this.#wait(onReader)
  }

  moveTo(path: string): void {
    renameSync(this.#path, path)
    this.#path = path
  }

  isAt(path: string): boolean {
    const stats = lstatSync(path, { throwIfNoEntry: false })
    return stats?.isFIFO() === true && stats.ino === this.#inode
  }

  /** No reader is served any more, and the wait ends. */
  end(): void {
    this.#isEnded = true
    try {
      const path = this.#handle === undefined ? this.#path : `/proc/self/fd/${this.#handle}`
      // Held open, since the thread may get to it later.
      if (this.#isWaiting) this.#reader ??= openSync(path, constants.O_RDONLY | constants.O_NONBLOCK)
    } catch {
      // It is gone, and with it the wait.
    }
    try {
      if (this.isAt(this.#path)) rmSync(this.#path)
    } catch {
      // Not ours to remove any more.
    }
  }

  #wait(onReader: (descriptor: number) => void): void {
    const path = this.#path
    // Never one that creates: it may be gone by then.
    open(path, constants.O_WRONLY, (error, descriptor) => {
      // It was moved before the thread got to it.
      if (error?.code === "ENOENT" && path !== this.#path && !this.#isEnded) return this.#wait(onReader)
      this.#isWaiting = false
      for (const own of [this.#handle, this.#reader]) if (own !== undefined) closeSync(own)
      if (error !== null) return
      // In a directory that others may write to, another one can have taken its place before the thread got to it.
      if (this.#isEnded || !isPrivatePipe(descriptor)) closeSync(descriptor)
      else onReader(descriptor)
    })
  }
}

export class MountedFifo implements Mounted {
  readonly #path: string
  #content: Uint8Array
  #current: WaitingPipe
  #next: WaitingPipe | undefined
  #isOver = false

  /** Throws where something is at the path, or a pipe cannot be made there. */
  constructor(path: string, content: Uint8Array) {
    this.#path = resolve(path)
    this.#content = content
    requireFree(path)
    try {
      this.#current = new WaitingPipe(this.#path, this.#serve)
    } catch (error) {
      throw error instanceof HalfkeyError ? error : cannotMount(path, error)
    }
    process.on("exit", this.#end)
    this.#prepare()
  }

  update(content: Uint8Array): void {
    this.#content = content
  }

  remove(): void {
    this.#isOver = true
    process.off("exit", this.#end)
    this.#current.end()
    this.#next?.end()
  }

  readonly #end = () => this.remove()

  readonly #serve = (descriptor: number) => {
    // First, so that nobody else reads along.
    if (!this.#isOver && this.#current.isAt(this.#path)) this.#replace()
    const writer = new Socket({ fd: descriptor, readable: false })
    // Whoever reads may stop when it has what it wants.
    writer.on("error", () => {})
    writer.end(this.#content)
  }

  #replace(): void {
    this.#prepare()
    try {
      this.#next?.moveTo(this.#path)
    } catch {
      // The directory is gone, or not ours any more: there is no place to serve at.
      return
    }
    this.#current = this.#next ?? this.#current
    this.#next = undefined
    this.#prepare()
  }

  /** Beside the path, so that taking its place there is one quick step. */
  #prepare(): void {
    try {
      const name = `.${basename(this.#path)}.halfkey-${randomBytes(6).toString("hex")}`
      this.#next ??= new WaitingPipe(join(dirname(this.#path), name), this.#serve)
    } catch {
      // The next reader tries again.
    }
  }
}

/** As `makePipe` makes them, so that nobody else reads from it. */
function isPrivatePipe(descriptor: number): boolean {
  const stats = fstatSync(descriptor)
  return stats.isFIFO() && stats.uid === process.geteuid?.() && (stats.mode & 0o077) === 0
}

/** Node has no call for it. */
function makePipe(path: string): void {
  const { error, status } = spawnSync("mkfifo", ["-m", "600", "--", path], {
    env: { PATH: "/usr/bin:/bin", LC_ALL: "C" },
    stdio: "ignore",
  })
  if (error !== undefined) {
    throw new HalfkeyError("missing_configuration", "this system has no mkfifo", { hint: "--mount-type file" })
  }
  if (status === 0) return
  const { code } =
    lstatSync(path, { throwIfNoEntry: false }) === undefined ? { code: reasonOf(path) } : { code: "EEXIST" }
  throw Object.assign(new Error(code), { code })
}

/** mkfifo says it in words of the person's language, which are not ours to repeat. */
function reasonOf(path: string): string {
  return lstatSync(dirname(path), { throwIfNoEntry: false })?.isDirectory() ? "EACCES" : "ENOENT"
}
