/** Where the root key comes from (S11): a file that is made at the first start, the environment, or a passphrase. */
import { HalfkeyError } from "@halfkey/core/formats/errors"
import { RootKey, rootKeyLength } from "@halfkey/core/key-service/root-key"
import { fromBase64Url, toHex } from "@halfkey/core/primitives/bytes"
import { equalBytes } from "@halfkey/core/primitives/hash"
import type { RandomSource } from "@halfkey/core/primitives/random"
import type { RootKeySource } from "../config.ts"
import type { ServerRow } from "../domain/rows.ts"
import { keyFileExists, newKeyFile, readKeyFile } from "./key-file.ts"
import { deriveRootKey, newDerivation } from "./passphrase.ts"

export interface LoadedRootKey {
  readonly rootKey: RootKey
  /** How it is made from a passphrase, as the database keeps it; `null` for a key that is no passphrase's. */
  readonly derivation: string | null
}

/**
 * The root key of this database. A missing file is made only while the database knows no root key (`server` absent): a new
 * key could open nothing of an existing one. Throws `root_key_mismatch`, `missing_configuration`, `invalid_configuration`.
 */
export function loadRootKey(source: RootKeySource, server: ServerRow | undefined, random: RandomSource): LoadedRootKey {
  const loaded = load(source, server, random)
  const { fingerprint } = loaded.rootKey
  const expected = server && toHex(server.rootKeyId)
  if (expected === undefined || expected === fingerprint) return loaded
  throw new HalfkeyError(
    "root_key_mismatch",
    `the database needs the root key ${expected}, the one in ${placeOf(source)} is ${fingerprint}`,
    {
      hint: `give the server the root key ${expected}: after a rotation the new one, else the one from your backup`,
      facts: { expected, found: fingerprint },
    },
  )
}

/** For a rotation: the key to come, made where its file is not there yet. Throws `invalid_configuration`. */
export function loadNewRootKey(target: RootKeySource, server: ServerRow, random: RandomSource): LoadedRootKey {
  if (target.kind === "env") return { rootKey: fromEnvironment(target), derivation: null }
  if (target.kind === "file") {
    const { path } = target
    return { rootKey: keyFileExists(path) ? readKeyFile(path, false) : newKeyFile(path, random), derivation: null }
  }
  // Where the command is repeated, the database has the salt already.
  const { rootKeyDerivation: stored, rootKeyId } = server
  const done = stored === null ? undefined : { rootKey: deriveRootKey(target, stored), derivation: stored }
  if (done !== undefined && equalBytes(done.rootKey.id, rootKeyId)) return done
  const derivation = newDerivation(random)
  return { rootKey: deriveRootKey(target, derivation), derivation }
}

function load(source: RootKeySource, server: ServerRow | undefined, random: RandomSource): LoadedRootKey {
  if (source.kind === "env") return { rootKey: fromEnvironment(source), derivation: null }
  if (source.kind === "file") return { rootKey: fromFile(source, server, random), derivation: null }
  if (server === undefined) {
    const derivation = newDerivation(random)
    return { rootKey: deriveRootKey(source, derivation), derivation }
  }
  const { rootKeyDerivation: derivation } = server
  if (derivation !== null) return { rootKey: deriveRootKey(source, derivation), derivation }
  throw new HalfkeyError(
    "invalid_configuration",
    `${source.variable} is set, but the database's root key ${toHex(server.rootKeyId)} is not made from a passphrase`,
    {
      hint: "leave it out; halfkey-server root-key rotate with HALFKEY_NEW_ROOT_KEY_PASSPHRASE_FILE changes to one",
    },
  )
}

function placeOf(source: RootKeySource): string {
  return source.kind === "env" ? source.variable : source.path
}

function fromEnvironment({ value, variable }: Extract<RootKeySource, { kind: "env" }>): RootKey {
  const bytes = fromBase64Url(value)
  if (bytes?.length === rootKeyLength) return new RootKey(bytes.slice())
  throw new HalfkeyError("invalid_configuration", `${variable} is not 32 bytes as base64url without padding`, {
    hint: "make one by: node -p 'crypto.randomBytes(32).toString(\"base64url\")'",
  })
}

function fromFile(
  { path, isDefault, isOurs }: Extract<RootKeySource, { kind: "file" }>,
  server: ServerRow | undefined,
  random: RandomSource,
): RootKey {
  if (keyFileExists(path)) return readKeyFile(path, isOurs)
  if (server === undefined && isDefault) return newKeyFile(path, random)
  const why = server ? `, and the database needs the root key ${toHex(server.rootKeyId)}` : ""
  throw new HalfkeyError("missing_configuration", `the root key file ${path} is missing${why}`, {
    hint: "restore the file from a backup, or set HALFKEY_ROOT_KEY; a new key could open nothing",
  })
}
