/** The key of a backup: the server's root key, or one from a passphrase of the backup's own. */
import { HalfkeyError } from "@halfkey/core/formats/errors"
import type { BackupHeader } from "@halfkey/core/key-service/backup"
import type { RootKey } from "@halfkey/core/key-service/root-key"
import { fromHex } from "@halfkey/core/primitives/bytes"
import { systemRandom } from "@halfkey/core/primitives/random"
import type { RootKeySource } from "../config.ts"
import type { ServerRow } from "../domain/rows.ts"
import { loadRootKey } from "../root-key/load.ts"
import { deriveRootKey, newDerivation } from "../root-key/passphrase.ts"

export interface BackupKey {
  readonly rootKey: RootKey
  /** What the backup's header says of it. */
  readonly named: BackupHeader["key"]
}

/** For a new backup. Throws what `loadRootKey` throws. */
export function keyToWrite(source: RootKeySource, passphraseFile: string | undefined, server: ServerRow): BackupKey {
  if (passphraseFile === undefined) {
    const { rootKey, derivation } = loadRootKey(source, server, systemRandom)
    return { rootKey, named: { kind: "root-key", id: rootKey.fingerprint, derivation } }
  }
  const derivation = newDerivation(systemRandom)
  const rootKey = deriveRootKey(fromFile(passphraseFile), derivation)
  return { rootKey, named: { kind: "passphrase", id: rootKey.fingerprint, derivation } }
}

/** For one that was written. Throws what `loadRootKey` throws; `invalid_argument` for another passphrase, or none. */
export function keyToRead(source: RootKeySource, passphraseFile: string | undefined, { key }: BackupHeader): RootKey {
  if (key.kind === "root-key") {
    if (passphraseFile !== undefined)
      throw wrong("it opens with the root key, not with a passphrase", "leave --passphrase-file out")
    const rootKeyId = fromHex(key.id) as Uint8Array
    return loadRootKey(source, { rootKeyId, rootKeyDerivation: key.derivation, createdAt: 0 }, systemRandom).rootKey
  }
  if (passphraseFile === undefined) throw wrong("it opens with a passphrase", "add --passphrase-file FILE")
  const rootKey = deriveRootKey(fromFile(passphraseFile), key.derivation ?? "")
  if (rootKey.fingerprint === key.id) return rootKey
  throw wrong(`the passphrase in ${passphraseFile} is another one`, "give the one that it was made with")
}

const fromFile = (path: string) => ({ kind: "passphrase", variable: "--passphrase-file", path }) as const

function wrong(why: string, hint: string): HalfkeyError {
  return new HalfkeyError("invalid_argument", `the backup cannot be opened: ${why}`, { hint })
}
