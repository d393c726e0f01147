/** `halfkey-server setup-token`: a new one-time token, for a further workspace. */
import { systemRandom } from "@halfkey/core/primitives/random"
import { newSetupToken, setupTokenPath } from "../setup-token.ts"
import { type CommandParts, withDatabase } from "./open-database.ts"

/** The running server need not stop: the database takes both, and setup tokens are in nobody's cache. */
export async function setupToken(parts: CommandParts): Promise<string> {
  const path = setupTokenPath(parts.config.dataDirectory)
  await withDatabase(parts, (store) => store.alone(() => newSetupToken(path, store, Date.now(), systemRandom)))
  return `${path}\n`
}
