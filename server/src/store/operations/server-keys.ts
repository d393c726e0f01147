/** The server's own keys (S11): new ones, and an end to those that nothing needs any more. */
import { HalfkeyError } from "@halfkey/core/formats/errors"
import { rosterFormat } from "@halfkey/core/formats/roster"
import { kidOf } from "@halfkey/core/key-service/signing-key"
import { equalBytes } from "@halfkey/core/primitives/hash"
import type { SigningKeyRow } from "../../domain/rows.ts"
import type { NewRootKeyInput, NewSigningKeyInput } from "../../domain/store-inputs.ts"
import { insertAuthorityKey } from "../keyset-queries.ts"
import type { Transaction } from "../query.ts"
import * as keys from "../server-key-queries.ts"
import * as queries from "../state-queries.ts"

export async function addSigningKey(tx: Transaction, input: NewSigningKeyInput): Promise<SigningKeyRow> {
  await requireRootKey(tx, input.rootKeyId)
  const { kid, kind, wrapped } = input.key
  const newest = await tx.first(keys.newestSigningKey, { kind })
  // The newest signs: a clock that was set back must not keep the old one in use.
  const createdAt = Math.max(input.key.createdAt, (newest?.createdAt ?? 0) + 1)
  await tx.run(queries.insertSigningKey, { kid, kind, wrapped, created_at: createdAt })
  if (input.deleteOthers) {
    for (const other of await tx.all(keys.olderSigningKeys, { kind, kid })) await tx.run(keys.deleteSigningKey, other)
  }
  return { kid, kind, wrapped, createdAt }
}

/** A checkpoint key that some newest roster names stays: nobody else could sign that workspace's checkpoints. */
export async function deleteSigningKeys(
  tx: Transaction,
  { kids }: { readonly kids: readonly string[] },
): Promise<readonly string[]> {
  let named: ReadonlySet<string> | undefined
  const gone: string[] = []
  for (const kid of kids) {
    const key = await tx.first(keys.signingKey, { kid })
    if (key === undefined) continue
    if (key.kind === "checkpoint-key") {
      named ??= await namedByRosters(tx)
      if (named.has(kid)) continue
    }
    await tx.run(keys.deleteSigningKey, { kid })
    gone.push(kid)
  }
  return gone
}

async function namedByRosters(tx: Transaction): Promise<ReadonlySet<string>> {
  const rosters = await tx.all(keys.newestRosters, {})
  return new Set(rosters.map(({ json }) => kidOf(rosterFormat.parse(JSON.parse(json)).auditKey)))
}

/**
 * Rows are removed and written again, not changed in their place: so SQLite overwrites every page that held them, with the
 * copies that moving rows between pages leaves behind.
 */
export async function replaceRootKey(tx: Transaction, input: NewRootKeyInput): Promise<void> {
  await requireRootKey(tx, input.previousId)
  const removed = [await tx.run(keys.deleteAllSigningKeys, {}), await tx.run(keys.deleteAllAuthorityKeys, {})]
  if (removed[0] !== input.signingKeys.length || removed[1] !== input.authorityKeys.length) {
    throw new HalfkeyError("revision_conflict", "a key came or went while the root key was rotated", {
      hint: "repeat the command while nothing else changes this database",
    })
  }
  for (const { createdAt, kid, kind, wrapped } of input.signingKeys) {
    await tx.run(queries.insertSigningKey, { kid, kind, wrapped, created_at: createdAt })
  }
  for (const { epoch, keysetId, wrapped } of input.authorityKeys) {
    await tx.run(insertAuthorityKey, { keyset_id: keysetId, epoch, wrapped })
  }
  await tx.run(keys.updateServer, input.server)
}

/** What was wrapped under another root key would never open again. */
async function requireRootKey(tx: Transaction, rootKeyId: Uint8Array): Promise<void> {
  const server = await tx.first(queries.server, {})
  if (server !== undefined && equalBytes(server.rootKeyId, rootKeyId)) return
  throw new HalfkeyError("root_key_mismatch", "the server's root key was rotated meanwhile", {
    hint: "repeat the command with the new root key",
  })
}
