/** `halfkey-server root-key rotate`: a new root key, while no server runs. */
import type { Config } from "../config.ts"
import { removePartialFiles } from "../data-directory.ts"
import { rotateRootKey } from "../root-key/rotate.ts"
import { type CommandParts, lockStopped, requireDatabase, withDatabase } from "./open-database.ts"

const afterStopping = "stop it, repeat this command, start it again: it would go on with the old root key"

type Rotation = Parameters<typeof rotateRootKey>[2]

/** `reached` is for tests: it is called where a crash would matter. */
export async function rotateRootKeyCommand(parts: CommandParts, reached?: Rotation): Promise<string> {
  const { config } = parts
  requireDatabase(config)
  const unlock = lockStopped(config.dataDirectory, afterStopping)
  try {
    removePartialFiles(config.dataDirectory)
    const { count, from, to } = await withDatabase(parts, (store) => rotateRootKey(config, store, reached), true)
    const next = config.newRootKey === undefined ? [] : [`  ${whatNext(config)}`]
    if (from === to) return [`the database is under the root key ${to} already`, ...next, ""].join("\n")
    return [`new root key ${to} in place of ${from}: ${count} keys wrapped anew`, ...next, ""].join("\n")
  } finally {
    unlock()
  }
}

function whatNext({ newRootKey, rootKey }: Config): string {
  const variable = newRootKey?.variable.replace("HALFKEY_NEW_", "HALFKEY_")
  const value = newRootKey === undefined || newRootKey.kind === "env" ? "the new key" : newRootKey.path
  const old =
    rootKey.kind === "file" && rootKey.isDefault
      ? `then remove ${rootKey.path}`
      : rootKey.variable === variable
        ? "in place of the old one"
        : `and take ${rootKey.variable} away`
  return `from now on start the server with ${variable} set to ${value}, ${old}`
}
