/** A file system of a few kilobytes, to be filled; and the same one made read-only. */
import { spawnSync } from "node:child_process"
import { mkdirSync, mkdtempSync, rmdirSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"

function mount(...parameters: string[]): string | undefined {
  const { status, stderr, error } = spawnSync("mount", parameters, { encoding: "utf8" })
  return status === 0 ? undefined : (error?.message ?? stderr.trim())
}

/** A test that fails leaves no disk behind either. */
const mounted = new Set<string>()
process.on("exit", () => {
  for (const path of mounted) {
    spawnSync("umount", ["-l", path])
    rmdirSync(path)
  }
})

export class SmallDisk {
  readonly path: string
  readonly #filler: string

  private constructor(path: string) {
    this.path = path
    this.#filler = join(path, "filler")
  }

  /** Why no file system can be mounted here, or `undefined`. */
  static readonly problem: string | undefined = (() => {
    const path = mkdtempSync(join(tmpdir(), "halfkey-mount-"))
    const problem = mount("-t", "tmpfs", "-o", "size=64k", "tmpfs", path)
    if (problem === undefined) spawnSync("umount", [path])
    rmdirSync(path)
    return problem
  })()

  /** Mounts one. It must be given back by `remove`. */
  static make(kilobytes: number): SmallDisk {
    const path = mkdtempSync(join(tmpdir(), "halfkey-disk-"))
    const problem = mount("-t", "tmpfs", "-o", `size=${kilobytes}k,mode=700`, "tmpfs", path)
    if (problem !== undefined) throw new Error(problem)
    mounted.add(path)
    return new SmallDisk(path)
  }

  /** A directory on it, for one user. */
  directory(name: string): string {
    const path = join(this.path, name)
    mkdirSync(path, { recursive: true, mode: 0o700 })
    return path
  }

  /** Takes all the room that is left. */
  fill(): void {
    for (const size of [1 << 20, 4096, 1]) {
      try {
        for (;;) writeFileSync(this.#filler, Buffer.alloc(size), { flag: "a" })
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== "ENOSPC") throw error
      }
    }
  }

  free(): void {
    rmSync(this.#filler, { force: true })
  }

  resize(kilobytes: number): void {
    this.#remount(`size=${kilobytes}k`)
  }

  readOnly(is: boolean): void {
    this.#remount(is ? "ro" : "rw")
  }

  #remount(options: string): void {
    const problem = mount("-o", `remount,${options}`, this.path)
    if (problem !== undefined) throw new Error(problem)
  }

  /** Nobody uses it any more. */
  remove(): void {
    const { status, stderr } = spawnSync("umount", [this.path], { encoding: "utf8" })
    if (status !== 0) throw new Error(stderr)
    mounted.delete(this.path)
    rmdirSync(this.path)
  }
}
