/**
 * The last receipts of the audit log (S12), in `state/<workspace id>.receipts`: a line each, added by one small write. A full
 * file becomes `.receipts.old`, and the one before it goes: so both together hold the last ones, and nothing is copied.
 */
import { closeSync, constants, fstatSync, openSync, renameSync, statSync, writeSync } from "node:fs"
import { join } from "node:path"
import type { Receipt, ReceiptStore } from "halfkey/secrets"
import { ensurePrivateDirectory, readPrivateFile } from "./private-files.ts"

/** 43 characters, a space, 13 digits and a line end, a thousand times. */
const usualMaxBytes = 58 * 1000

/** A store that several processes may use at once. */
export function fileReceipts(
  configDirectory: string,
  workspaceId: string,
  { maxBytes = usualMaxBytes } = {},
): ReceiptStore {
  const directory = join(configDirectory, "state")
  const path = join(directory, `${workspaceId}.receipts`)
  return {
    load: async () => [...readReceipts(`${path}.old`), ...readReceipts(path)],
    add: async (receipts) => {
      const text = receipts.map(({ leafHash, time }) => `${leafHash} ${time}\n`).join("")
      try {
        append(path, text, maxBytes)
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error
        ensurePrivateDirectory(directory)
        append(path, text, maxBytes)
      }
    },
  }
}

function append(path: string, text: string, maxBytes: number): void {
  const descriptor = openSync(path, constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT, 0o600)
  try {
    // No fsync: a power failure costs witnesses of the last seconds, and no protection.
    writeSync(descriptor, text)
    const { ino, size } = fstatSync(descriptor)
    // Unless another process has just done it.
    if (size >= maxBytes && statSync(path).ino === ino) renameSync(path, `${path}.old`)
  } finally {
    closeSync(descriptor)
  }
}

/** What a crash has cut off is no line of this form. */
function readReceipts(path: string): Receipt[] {
  const lines = (readPrivateFile(path) ?? "").split("\n")
  return lines.flatMap((line) => {
    const [, leafHash, time] = /^([\w-]{43}) (\d{1,15})$/.exec(line) ?? []
    return leafHash === undefined ? [] : [{ leafHash, time: Number(time) }]
  })
}
