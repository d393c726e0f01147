/** Reads a key or token of one line from a file. */
import { readFileSync } from "node:fs"
import { usageError } from "../failure.ts"
import { fileReason } from "./file-reason.ts"

/** The text of a small file without white space around it. Throws a usage error that names the path only. */
export function readSecretFile(path: string, what: string): string {
  try {
    return readFileSync(path, "utf8").trim()
  } catch (error) {
    throw usageError(`the ${what} could not be read from ${path}: ${fileReason(error)}`)
  }
}
