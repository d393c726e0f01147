/** All that the server can tell about a record that was sent: that it has the right form and key set. */
import { HalfkeyError } from "@halfkey/core/formats/errors"
import { parseRecord, recordHash, recordLength, vaultPaddingMinimum } from "@halfkey/core/formats/record"
import { fromBase64Url } from "@halfkey/core/primitives/bytes"
import type { KeysetRow } from "../../domain/rows.ts"

export interface SentRecord {
  readonly record: Uint8Array
  /** `H(record)`, 32 bytes. */
  readonly hash: Uint8Array
  readonly epoch: number
  /** 16 bytes. */
  readonly keyId: Uint8Array
}

/** Reads a record of the vault. Throws `invalid_request`. */
export function readSentRecord(keyset: KeysetRow, name: string, text: string): SentRecord {
  const record = fromBase64Url(text)
  if (record === undefined) throw malformedRecord(name, "it is not canonical base64url")
  if (record.length < recordLength(1, vaultPaddingMinimum)) throw malformedRecord(name, "it is too short")
  const { header } = readHeader(name, record)
  if (header.keysetId !== keyset.id) throw malformedRecord(name, "it was sealed for another environment")
  return { record, hash: recordHash(record), epoch: header.epoch, keyId: header.keyId }
}

function readHeader(name: string, record: Uint8Array) {
  try {
    return parseRecord(record)
  } catch (error) {
    if (error instanceof HalfkeyError) throw malformedRecord(name, error.message)
    throw error
  }
}

function malformedRecord(name: string, why: string): HalfkeyError {
  return new HalfkeyError("invalid_request", `the record of ${name} is refused: ${why}`, { facts: { name } })
}
