/** Files that prove an export: its checkpoint, and the roster that names the key. What is in them is for the SDK to judge. */
import { readFileSync } from "node:fs"
import { HalfkeyError } from "@halfkey/core/formats/errors"
import type { AuditRoster } from "halfkey/admin"

/** Throws `invalid_argument`, as does `rosterFile`. */
export function checkpointFile(path: string): string {
  return textOf(path)
}

export function rosterFile(path: string): AuditRoster {
  try {
    return JSON.parse(textOf(path)) as AuditRoster
  } catch (error) {
    if (error instanceof HalfkeyError) throw error
    throw new HalfkeyError("invalid_argument", `${path} is no roster: it is not JSON`)
  }
}

function textOf(path: string): string {
  try {
    return readFileSync(path, "utf8")
  } catch (error) {
    const { code = "unknown reason" } = error as NodeJS.ErrnoException
    throw new HalfkeyError("invalid_argument", `${path} cannot be read: ${code}`)
  }
}
