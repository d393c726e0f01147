/** A root key from a passphrase (S11): scrypt, with salt and parameters that the database keeps beside the key's id. */
import { scryptSync } from "node:crypto"
import { HalfkeyError } from "@halfkey/core/formats/errors"
import { RootKey, rootKeyLength } from "@halfkey/core/key-service/root-key"
import { fromBase64Url, toBase64Url, utf8, wipe } from "@halfkey/core/primitives/bytes"
import type { RandomSource } from "@halfkey/core/primitives/random"
import type { RootKeySource } from "../config.ts"
import { readSmallFile } from "./key-file.ts"

const saltLength = 16
/** 128 MiB and about half a second for each guess. */
const cost = { N: 2 ** 17, r: 8, p: 1 } as const
/** What a database may ask for: no damage makes a start take hours or all memory. */
const costMax = { N: 2 ** 20, r: 16, p: 4 } as const

const passphraseMinBytes = 16

/** A fresh salt with this version's parameters, as the database keeps it. */
export function newDerivation(random: RandomSource): string {
  return JSON.stringify({ scrypt: { ...cost, salt: toBase64Url(random(saltLength)) } })
}

/** Reads the passphrase: all of the file but one line end. Takes half a second. Throws `invalid_configuration`, `database_damaged`. */
export function deriveRootKey({ path }: Extract<RootKeySource, { kind: "passphrase" }>, derivation: string): RootKey {
  const { N, r, p, salt } = parseDerivation(derivation)
  const passphrase = utf8(readSmallFile(path, "passphrase file").replace(/\r?\n$/, ""))
  if (passphrase.length < passphraseMinBytes) {
    throw new HalfkeyError(
      "invalid_configuration",
      `the passphrase in ${path} has less than ${passphraseMinBytes} bytes`,
      {
        hint: "take at least six words that dice have chosen",
      },
    )
  }
  const key = scryptSync(passphrase, salt, rootKeyLength, { N, r, p, maxmem: 256 * N * r })
  wipe(passphrase)
  return new RootKey(new Uint8Array(key))
}

function parseDerivation(text: string): { N: number; r: number; p: number; salt: Uint8Array } {
  try {
    const { scrypt } = JSON.parse(text) as { scrypt: Record<string, unknown> }
    const within = (name: keyof typeof cost) => {
      const value = scrypt[name]
      if (typeof value === "number" && Number.isInteger(value) && value >= 1 && value <= costMax[name]) return value
      throw new RangeError(name)
    }
    const salt = fromBase64Url(String(scrypt["salt"]))
    if (salt?.length !== saltLength) throw new RangeError("salt")
    return { N: within("N"), r: within("r"), p: within("p"), salt }
  } catch (cause) {
    throw new HalfkeyError("database_damaged", "the database's parameters of the passphrase are damaged", {
      hint: "keep a copy of the database and restore a backup",
      cause,
    })
  }
}
