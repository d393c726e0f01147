/**
 * A new root key (S11): everything that the old one wraps is wrapped by the new one, in one transaction, and no client notices.
 * The new key is on disk first, then the database changes over, then the file takes its place: whenever this ends, one of
 * the two keys is the database's, and both are there.
 */
import { HalfkeyError } from "@halfkey/core/formats/errors"
import type { RootKey } from "@halfkey/core/key-service/root-key"
import { wipe } from "@halfkey/core/primitives/bytes"
import { equalBytes } from "@halfkey/core/primitives/hash"
import { systemRandom } from "@halfkey/core/primitives/random"
import type { Config, RootKeySource } from "../config.ts"
import type { ServerRow } from "../domain/rows.ts"
import type { Store } from "../domain/store.ts"
import { newKeyFile, nextKeyFile, settleKeyFiles, takeNextKeyFile } from "./key-file.ts"
import { type LoadedRootKey, loadNewRootKey, loadRootKey } from "./load.ts"

/** What is on disk when each is reached; a test ends the process there. */
export type RotationStep = "the new key" | "the database" | "the file's place"

export interface RotatedRootKey {
  /** Fingerprints; the same where an earlier command had done it already. */
  readonly from: string
  readonly to: string
  /** Keys that were wrapped anew. */
  readonly count: number
}

/** Needs the data directory's lock. Throws what `loadRootKey` throws, `missing_configuration`, `storage_full`. */
export async function rotateRootKey(
  { rootKey: source, newRootKey: target }: Pick<Config, "rootKey" | "newRootKey">,
  store: Store,
  reached: (step: RotationStep) => void = () => {},
): Promise<RotatedRootKey> {
  const server = await store.server()
  if (server === undefined) {
    throw new HalfkeyError("missing_configuration", "the database has no root key yet", {
      hint: "start halfkey-server once",
    })
  }
  if (target === undefined) return await replaceFile(ownFile(source), server, store, reached)
  const next = loadNewRootKey(target, server, systemRandom)
  const to = next.rootKey.fingerprint
  reached("the new key")
  // Repeated after a crash, or only to be sure.
  if (equalBytes(server.rootKeyId, next.rootKey.id)) return { from: to, to, count: 0 }
  const { rootKey } = loadRootKey(source, server, systemRandom)
  const count = await wrapAnew(store, rootKey, next)
  reached("the database")
  return { from: rootKey.fingerprint, to, count }
}

type OwnFile = Extract<RootKeySource, { kind: "file" }>

/** Only the file in the data directory is the server's own; what manages any other would bring the old key back. */
function ownFile(source: RootKeySource): OwnFile {
  if (source.kind === "file" && source.isDefault) return source
  const variable = source.variable.replace("HALFKEY_", "HALFKEY_NEW_")
  throw new HalfkeyError(
    "missing_configuration",
    `the root key comes from ${source.variable}, and ${variable} is not set`,
    {
      hint: `set ${variable} to what ${source.variable} will be from then on`,
    },
  )
}

async function replaceFile(
  source: OwnFile,
  server: ServerRow,
  store: Store,
  reached: (step: RotationStep) => void,
): Promise<RotatedRootKey> {
  const { path } = source
  settleKeyFiles(path, server.rootKeyId)
  const { rootKey } = loadRootKey(source, server, systemRandom)
  const next = newKeyFile(nextKeyFile(path), systemRandom)
  reached("the new key")
  const count = await wrapAnew(store, rootKey, { rootKey: next, derivation: null })
  reached("the database")
  takeNextKeyFile(path)
  reached("the file's place")
  return { from: rootKey.fingerprint, to: next.fingerprint, count }
}

async function wrapAnew(store: Store, from: RootKey, to: LoadedRootKey): Promise<number> {
  const again = (context: Parameters<RootKey["wrap"]>[0], wrapped: Uint8Array) => {
    const secret = from.unwrap(context, wrapped)
    const anew = to.rootKey.wrap(context, secret, systemRandom)
    wipe(secret)
    return anew
  }
  const signingKeys = (await store.signingKeys()).map((row) => ({
    ...row,
    wrapped: again({ kind: row.kind }, row.wrapped),
  }))
  const authorityKeys = (await store.authorityKeys()).map(({ workspaceId, keysetId, epoch, wrapped }) => ({
    keysetId,
    epoch,
    wrapped: again({ kind: "authority-key", workspaceId, keysetId, epoch }, wrapped),
  }))
  await store.replaceRootKey({
    previousId: from.id,
    server: { rootKeyId: to.rootKey.id, rootKeyDerivation: to.derivation },
    signingKeys,
    authorityKeys,
  })
  return signingKeys.length + authorityKeys.length
}
