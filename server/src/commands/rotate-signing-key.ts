/** `halfkey-server token-key rotate` and `checkpoint-key rotate`: a new signing key, beside a running server or without one. */
import { HalfkeyError } from "@halfkey/core/formats/errors"
import { keyFingerprint } from "@halfkey/core/formats/key-fingerprint"
import { systemRandom } from "@halfkey/core/primitives/random"
import type { Store } from "../domain/store.ts"
import { loadRootKey } from "../root-key/load.ts"
import { keysReadEveryMs, newSigningKey } from "../server-keys.ts"
import { type CommandParts, withDatabase } from "./open-database.ts"

const soon = `a running server signs with it within ${keysReadEveryMs / 1000} seconds`

/** What was signed with earlier keys stays good until it expires, or is void at once with `atOnce`. */
export async function rotateTokenKey(parts: CommandParts, atOnce: boolean): Promise<string> {
  const { kid } = await withDatabase(parts, (store) => addKey(parts, store, "token-key", atOnce))
  const earlier = atOnce
    ? "every earlier access token is void, within the same time; clients ask for new ones by themselves"
    : "earlier access tokens stay good until they expire, 15 minutes at most"
  return `new token key ${kid}\n  ${soon}\n  ${earlier}\n`
}

export async function rotateCheckpointKey(parts: CommandParts): Promise<string> {
  const { publicKey } = await withDatabase(parts, (store) => addKey(parts, store, "checkpoint-key", false))
  return [
    `new checkpoint key ${keyFingerprint(publicKey)}`,
    "  new workspaces name it; in every other one a granter takes it up, and compares this fingerprint:",
    "    halfkey audit-key update",
    "  until then the earlier key signs that workspace's checkpoints",
    "",
  ].join("\n")
}

async function addKey(
  { config }: CommandParts,
  store: Store,
  kind: "token-key" | "checkpoint-key",
  deleteOthers: boolean,
): Promise<{ readonly kid: string; readonly publicKey: Uint8Array }> {
  const server = await store.server()
  if (server === undefined) {
    throw new HalfkeyError("missing_configuration", "the database has no keys yet", {
      hint: "start halfkey-server once",
    })
  }
  const { rootKey } = loadRootKey(config.rootKey, server, systemRandom)
  const { row, publicKey } = newSigningKey(kind, rootKey, Date.now(), systemRandom)
  const { kid } = await store.addSigningKey({ key: row, rootKeyId: rootKey.id, deleteOthers })
  return { kid, publicKey }
}
