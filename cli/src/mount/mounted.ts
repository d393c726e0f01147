/** What `--mount` puts where a program looks for it, for as long as this process is there. */
import { lstatSync } from "node:fs"
import { HalfkeyError } from "@halfkey/core/formats/errors"

export interface Mounted {
  /** For whoever opens it from now on. Takes the bytes over. */
  update(content: Uint8Array): void
  /** Never throws, and may be called again: it runs when the process ends. */
  remove(): void
}

/** Throws `invalid_argument`: nothing of somebody else's is replaced. */
export function requireFree(path: string): void {
  const stats = lstatSync(path, { throwIfNoEntry: false })
  if (stats !== undefined) throw taken(path)
}

function taken(path: string): HalfkeyError {
  return new HalfkeyError("invalid_argument", `nothing was started: ${JSON.stringify(path)} is there already`, {
    hint: "another path for --mount; what a killed halfkey has left there can be removed",
  })
}

/** Throws with what the system says, which names a kind of failure and nothing else. */
export function cannotMount(path: string, error: unknown): HalfkeyError {
  const { code = "unknown reason" } = error as NodeJS.ErrnoException
  if (code === "EEXIST") return taken(path)
  return new HalfkeyError("invalid_argument", `nothing was started: ${JSON.stringify(path)} cannot be made: ${code}`, {
    hint: "a path for --mount in a directory that is there and yours to write to",
  })
}
