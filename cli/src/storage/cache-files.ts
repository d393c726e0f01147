/**
 * The cache of reads (S14), in `cache/`: a file for each server, client and environment, encrypted by the SDK under the client key. Other
 * users cannot read it, and could make nothing of it.
 */
import { readdirSync, rmSync, statSync } from "node:fs"
import { join } from "node:path"
import { HalfkeyError } from "@halfkey/core/formats/errors"
import type { CacheStore } from "halfkey/secrets"
import { underLock } from "./file-lock.ts"
import { ensurePrivateDirectory, readPrivateBytes, replaceByPrivateFile } from "./private-files.ts"

export interface CacheFile {
  /** As in `<workspace id>_<client id>_<environment>_<hash of the server's URL>`. */
  readonly key: string
  readonly path: string
  readonly bytes: number
}

const suffix = ".cache"

/** A store that several processes may use at once: each change is made to what the file holds by then. */
export function cacheFiles(configDirectory: string): CacheStore {
  const directory = cacheDirectory(configDirectory)
  const pathOf = (key: string) => join(directory, `${key}${suffix}`)
  return {
    load: async (key) => readPrivateBytes(pathOf(key)),
    update: async (key, change) => {
      const path = pathOf(key)
      ensurePrivateDirectory(directory)
      orTold(directory, () =>
        underLock(`${path}.lock`, () => {
          const changed = change(readable(path))
          // No fsync: a power failure costs what one read brings back.
          if (changed !== undefined) replaceByPrivateFile(path, changed, { durable: false })
        }),
      )
    },
    remove: async (prefix) => {
      for (const { path } of listCaches(configDirectory, prefix)) orTold(directory, () => rmSync(path, { force: true }))
    },
  }
}

/** Those whose keys begin like this, in order. */
export function listCaches(configDirectory: string, prefix = ""): CacheFile[] {
  const directory = cacheDirectory(configDirectory)
  let names: string[]
  try {
    names = readdirSync(directory).sort()
  } catch {
    return []
  }
  return names.flatMap((name) => {
    const path = join(directory, name)
    const size = name.startsWith(prefix) && name.endsWith(suffix) ? sizeOf(path) : undefined
    return size === undefined ? [] : [{ key: name.slice(0, -suffix.length), path, bytes: size }]
  })
}

function cacheDirectory(configDirectory: string): string {
  return join(configDirectory, "cache")
}

/** One that others could read or change is replaced like one that is not there. */
function readable(path: string): Uint8Array | undefined {
  try {
    return readPrivateBytes(path)
  } catch {
    return undefined
  }
}

function sizeOf(path: string): number | undefined {
  return statSync(path, { throwIfNoEntry: false })?.size
}

/** A full disk or a read-only home shows in the lock first. */
function orTold<T>(directory: string, action: () => T): T {
  try {
    return action()
  } catch (error) {
    if (error instanceof HalfkeyError) throw error
    const { code = "unknown reason" } = error as NodeJS.ErrnoException
    throw new HalfkeyError("invalid_configuration", `${directory} could not be written: ${code}`, {
      hint: "make room or permit it",
      cause: error,
    })
  }
}
