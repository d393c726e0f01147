/** Sealing and opening records (S7). A data key seals exactly one message; a retry sends the identical bytes. */

import { HalfkeyError, recordCheckFailed } from "../formats/errors.ts"
import { encodeRecordHeader, pad, parseRecord, unpad, vaultPaddingMinimum } from "../formats/record.ts"
import type { RecordContext } from "../formats/record-context.ts"
import { aesGcmNonceLength, aesGcmOpen, aesGcmSeal } from "../primitives/aes-gcm.ts"
import { concatBytes, wipe } from "../primitives/bytes.ts"
import { equalBytes, type HmacKey } from "../primitives/hash.ts"
import { deriveDataKey, recordPrk, recordSalt } from "./data-key.ts"

const zeroNonce = new Uint8Array(aesGcmNonceLength)
const noAad = new Uint8Array(0)

/** Least padded length by purpose (S7). */
const paddingMinimum = { secret: vaultPaddingMinimum, field: 32 } as const

/** What opens or seals a record, one half from each side. */
export interface RecordKeys {
  /** G of the record's epoch: 32 bytes, or prepared once with `hmacKey`. */
  readonly clientHalf: Uint8Array | HmacKey
  /** 32 bytes from the key service, for the record's key id. */
  readonly keySeed: Uint8Array
}

export interface SealInput extends RecordKeys {
  readonly context: RecordContext
  readonly epoch: number
  /** 16 bytes, as the server chose them. */
  readonly keyId: Uint8Array
  readonly plaintext: Uint8Array
  /** 32 fresh random bytes. */
  readonly random32: Uint8Array
}

/** Seals one plaintext into one record. Throws `encryption_failed` for a seed or key id of a wrong length. */
export function sealRecord({ context, clientHalf, keySeed, epoch, keyId, plaintext, random32 }: SealInput): Uint8Array {
  if (keySeed.length !== 32 || keyId.length !== 16) {
    throw new HalfkeyError("encryption_failed", "the server sent a key seed or a key id of a wrong length")
  }
  const prk = recordPrk(clientHalf, keySeed)
  let dek: Uint8Array | undefined
  let padded: Uint8Array | undefined
  try {
    const salt = recordSalt(prk, random32, context, plaintext)
    const header = encodeRecordHeader({ keysetId: context.keysetId, epoch, keyId, salt })
    const dataKey = deriveDataKey(prk, header, context)
    dek = dataKey.dek
    padded = pad(plaintext, paddingMinimum[context.purpose])
    return concatBytes(header, dataKey.commit, aesGcmSeal(dek, zeroNonce, noAad, padded))
  } finally {
    wipe(prk, dek, padded)
  }
}

/**
 * Opens a record at the one place where it opens. The caller has checked that the epoch is live and took its half.
 * Throws `record_verification_failed` naming the check: format, key set, commit, ciphertext or padding.
 */
export function openRecord(
  record: Uint8Array,
  context: RecordContext,
  { clientHalf, keySeed }: RecordKeys,
): Uint8Array {
  const { header, headerBytes, commit, ciphertext } = parseRecord(record)
  if (header.keysetId !== context.keysetId)
    throw recordCheckFailed("key set", "the record belongs to another environment")
  const prk = recordPrk(clientHalf, keySeed)
  const dataKey = deriveDataKey(prk, headerBytes, context)
  wipe(prk)
  try {
    // GCM alone commits to no key: this comparison is what ties record, place and both halves together.
    if (!equalBytes(commit, dataKey.commit)) {
      throw recordCheckFailed(
        "commit",
        "it was not sealed for this name and version, or its bytes or seed were changed",
      )
    }
    const padded = aesGcmOpen(dataKey.dek, zeroNonce, noAad, ciphertext)
    if (padded === undefined) throw recordCheckFailed("ciphertext", "its bytes were changed")
    const plaintext = unpad(padded, paddingMinimum[context.purpose])
    if (plaintext === undefined) {
      wipe(padded)
      throw recordCheckFailed("padding", "it was not padded by halfkey")
    }
    return plaintext
  } finally {
    wipe(dataKey.dek)
  }
}
