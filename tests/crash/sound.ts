/** `halfkey-server check` on a data directory, beside its server or without one. */
import assert from "node:assert/strict"
import { check } from "../../server/src/commands/check.ts"
import { readConfig } from "../../server/src/config.ts"

/** Throws with everything that is not as it should be. */
export async function requireSound(dataDirectory: string): Promise<void> {
  const { exit, text } = await check({ config: readConfig({ HALFKEY_DATA_DIR: dataDirectory }) }, [])
  assert.equal(exit, 0, text)
}
