/** `halfkey/cache`: a place for the cache of `Secrets` in files, for Node, Bun and Deno. */
import { mkdir, readdir, readFile, rename, rm, writeFile } from "node:fs/promises"
import { join } from "node:path"
import type { CacheStore } from "./cache/options.ts"

export { cachePrefix } from "./cache/keys.ts"
export type { CacheOptions, CacheStore, CacheUse } from "./cache/options.ts"
export { deletedBy } from "./cache/refusals.ts"

/** No separator gets in, whoever calls this. */
const keyPattern = /^[A-Za-z0-9._-]+$/

/**
 * Keeps caches in a directory of the program's own, which is made (0700) when it is first needed; files are 0600, sealed under the
 * client key, and replaced in one step. Of several processes that write at once the last one wins, and no file is ever half of
 * another.
 *
 * @example
 * const cache = { maxStale: 3600, store: fileCache(".cache/my-app") }
 * const secrets = new Secrets({ environment: "production", cache })
 */
export function fileCache(directory: string): CacheStore {
  if (typeof directory !== "string" || directory === "") throw new TypeError("directory must be a path")
  // One after the other: what an update makes of a file must be that file.
  let last: Promise<unknown> = Promise.resolve()
  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const turn = last.catch(() => undefined).then(work)
    last = turn.catch(() => undefined)
    return turn
  }
  return {
    load: (key) => read(pathOf(directory, key)),
    update: (key, change) =>
      inTurn(async () => {
        const path = pathOf(directory, key)
        const changed = change(await read(path))
        if (changed !== undefined) await replace(directory, path, changed)
      }),
    remove: (prefix) =>
      inTurn(async () => {
        for (const name of await names(directory)) {
          if (name.startsWith(prefix) && name.endsWith(suffix)) await rm(join(directory, name), { force: true })
        }
      }),
  }
}

const suffix = ".cache"

function pathOf(directory: string, key: string): string {
  if (!keyPattern.test(key)) throw new TypeError("a key of a cache has no such characters")
  return join(directory, `${key}${suffix}`)
}

async function read(path: string): Promise<Uint8Array | undefined> {
  try {
    return new Uint8Array(await readFile(path))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined
    throw error
  }
}

async function replace(directory: string, path: string, bytes: Uint8Array): Promise<void> {
  await mkdir(directory, { recursive: true, mode: 0o700 })
  const partial = `${path}.${process.pid}-${Math.random().toString(36).slice(2)}`
  try {
    await writeFile(partial, bytes, { mode: 0o600, flag: "wx" })
    await rename(partial, path)
  } catch (error) {
    await rm(partial, { force: true })
    throw error
  }
}

async function names(directory: string): Promise<string[]> {
  try {
    return await readdir(directory)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return []
    throw error
  }
}
