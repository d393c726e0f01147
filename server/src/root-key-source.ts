/** Where the root key comes from (S11): a file that is made at the first start, or the environment. */
import { existsSync, readFileSync, statSync } from "node:fs"
import { HalfkeyError } from "@halfkey/core/formats/errors"
import { RootKey, rootKeyLength } from "@halfkey/core/key-service/root-key"
import { fromBase64Url, toBase64Url, toHex } from "@halfkey/core/primitives/bytes"
import type { RandomSource } from "@halfkey/core/primitives/random"
import type { RootKeySource } from "./config.ts"
import { writeDurably } from "./data-directory.ts"

const filePrefix = "hkrt1 "

/**
 * The root key. A missing file is made only while the database knows no root key (`expectedId` absent): a new key could
 * open nothing of an existing database. Throws `root_key_mismatch`, `missing_configuration`, `invalid_configuration`.
 */
export function loadRootKey(source: RootKeySource, expectedId: Uint8Array | undefined, random: RandomSource): RootKey {
  const rootKey = source.kind === "env" ? fromEnvironment(source.value) : fromFile(source, expectedId, random)
  if (expectedId === undefined || toHex(expectedId) === rootKey.fingerprint) return rootKey
  const expected = toHex(expectedId)
  throw new HalfkeyError(
    "root_key_mismatch",
    `the database was made with root key ${expected}, this one is ${rootKey.fingerprint}`,
    {
      hint: `give the server the root key ${expected} again: restore its file, or HALFKEY_ROOT_KEY`,
      facts: { expected, found: rootKey.fingerprint },
    },
  )
}

function fromEnvironment(value: string): RootKey {
  const bytes = fromBase64Url(value)
  if (bytes?.length === rootKeyLength) return new RootKey(bytes.slice())
  throw new HalfkeyError("invalid_configuration", "HALFKEY_ROOT_KEY is not 32 bytes as base64url without padding", {
    hint: "make one by: node -p 'crypto.randomBytes(32).toString(\"base64url\")'",
  })
}

function fromFile(
  { path, isDefault }: Extract<RootKeySource, { kind: "file" }>,
  expectedId: Uint8Array | undefined,
  random: RandomSource,
): RootKey {
  if (!existsSync(path)) {
    if (expectedId !== undefined || !isDefault) throw missing(path, expectedId)
    const key = random(rootKeyLength)
    writeDurably(path, `${filePrefix}${toBase64Url(key)}\n`)
    return new RootKey(key)
  }
  // A file that an operator mounts from elsewhere may have a mode that only its system can change.
  if (isDefault && (statSync(path).mode & 0o077) !== 0) {
    throw new HalfkeyError("invalid_configuration", `the root key file ${path} can be read by others`, {
      hint: `run: chmod 600 ${path}`,
    })
  }
  return parseFile(path)
}

function parseFile(path: string): RootKey {
  let text: string
  try {
    text = readFileSync(path, "utf8")
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code ?? "unknown"
    throw new HalfkeyError("invalid_configuration", `the root key file ${path} cannot be read (${code})`, {
      hint: "check its permissions and HALFKEY_ROOT_KEY_FILE",
      cause,
    })
  }
  const bytes = text.startsWith(filePrefix) ? fromBase64Url(text.slice(filePrefix.length).trimEnd()) : undefined
  if (bytes?.length === rootKeyLength) return new RootKey(bytes.slice())
  throw new HalfkeyError("invalid_configuration", `the root key file ${path} is not one that halfkey-server wrote`, {
    hint: "restore the file from a backup; without it the database cannot be used",
  })
}

function missing(path: string, expectedId: Uint8Array | undefined): HalfkeyError {
  const why = expectedId ? `, and the database needs root key ${toHex(expectedId)}` : ""
  return new HalfkeyError("missing_configuration", `the root key file ${path} is missing${why}`, {
    hint: "restore the file from a backup, or set HALFKEY_ROOT_KEY; a new key could open nothing",
  })
}
