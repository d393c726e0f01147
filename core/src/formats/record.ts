/** Records (S7): `header ‖ commit ‖ AES-256-GCM(…, pad(plaintext))`, and the plaintext's type byte and padding. */
import { concatBytes, readLe32, writeLe32 } from "../primitives/bytes.ts"
import { sha256 } from "../primitives/hash.ts"
import { recordCheckFailed } from "./errors.ts"
import { type KeysetId, uuidBytes, uuidFromBytes } from "./ids.ts"

export const recordHeaderLength = 56
export const recordCommitLength = 32
/** Greatest epoch: it travels as `u32`. */
export const epochMax = 0xffff_ffff
export const keyIdLength = 16
export const recordSaltLength = 16
/** Least length of a padded plaintext in the vault (S7). */
export const vaultPaddingMinimum = 256
/** Most bytes of a value in the vault, unless the server is configured otherwise (S7). */
export const valueMaxLength = 64 * 1024

const magic = new Uint8Array([0x48, 0x4b, 0x31, 0x01]) // "HK1", suite 0x01
const tagLength = 16
/** Least length of a padded plaintext of any purpose: that of fields (S7). */
const paddingMinimum = 32

export interface RecordHeader {
  readonly keysetId: KeysetId
  /** 1 to 2^32 - 1. */
  readonly epoch: number
  /** 16 bytes, chosen by the server. */
  readonly keyId: Uint8Array
  /** 16 bytes, chosen by the client. */
  readonly salt: Uint8Array
}

export interface RecordParts {
  readonly header: RecordHeader
  readonly headerBytes: Uint8Array
  /** 32 bytes: binds the record to one data key. */
  readonly commit: Uint8Array
  readonly ciphertext: Uint8Array
}

/** The 56 bytes `"HK1" ‖ suite 0x01 ‖ keysetId 16 ‖ epoch u32le ‖ keyId 16 ‖ salt 16`. Throws `RangeError`. */
export function encodeRecordHeader({ keysetId, epoch, keyId, salt }: RecordHeader): Uint8Array {
  if (keyId.length !== keyIdLength || salt.length !== recordSaltLength)
    throw new RangeError("record: keyId and salt have 16 bytes")
  if (!Number.isInteger(epoch) || epoch < 1 || epoch > epochMax)
    throw new RangeError(`record: the epoch is not within 1 to ${epochMax}`)
  const bytes = new Uint8Array(recordHeaderLength)
  bytes.set(magic)
  bytes.set(uuidBytes(keysetId), 4)
  writeLe32(bytes, 20, epoch)
  bytes.set(keyId, 24)
  bytes.set(salt, 40)
  return bytes
}

/** Splits a record. Throws `record_verification_failed`, check "format". Opens nothing. */
export function parseRecord(record: Uint8Array): RecordParts {
  if (record.length < recordHeaderLength + recordCommitLength + paddingMinimum + tagLength) {
    throw recordCheckFailed("format", "the record is too short")
  }
  if (magic.some((byte, index) => record[index] !== byte)) {
    throw recordCheckFailed("format", "the record is of an unknown kind or suite; a newer halfkey may know it")
  }
  const header = {
    keysetId: uuidFromBytes(record.subarray(4, 20)) as KeysetId,
    epoch: readLe32(record, 20),
    keyId: record.subarray(24, 40),
    salt: record.subarray(40, 56),
  }
  if (header.epoch === 0) throw recordCheckFailed("format", "the record names epoch 0, which never exists")
  const ciphertextStart = recordHeaderLength + recordCommitLength
  return {
    header,
    headerBytes: record.subarray(0, recordHeaderLength),
    commit: record.subarray(recordHeaderLength, ciphertextStart),
    ciphertext: record.subarray(ciphertextStart),
  }
}

/** `H(record)`, 32 bytes: what commits are idempotent on, and what clients remember (S10). */
export function recordHash(record: Uint8Array): Uint8Array {
  return sha256(record)
}

/** The length of a record whose plaintext (type byte included) has `plaintextLength` bytes. */
export function recordLength(plaintextLength: number, minimum: number): number {
  return recordHeaderLength + recordCommitLength + paddedLength(plaintextLength, minimum) + tagLength
}

/**
 * The Padmé length of `plaintextLength + 1`, at least `minimum`: reveals O(log log n) bits of the length (S7).
 * Throws `RangeError` from 2^31 - 1 bytes on.
 */
export function paddedLength(plaintextLength: number, minimum: number): number {
  const length = plaintextLength + 1
  if (length > 0x7fff_ffff) throw new RangeError("record: the plaintext is too long to be padded")
  if (length <= minimum) return minimum
  const exponent = 31 - Math.clz32(length)
  const precision = 32 - Math.clz32(exponent)
  const granularity = 2 ** (exponent - precision)
  return Math.ceil(length / granularity) * granularity
}

/** `plaintext ‖ 0x80 ‖ 0x00…` up to the Padmé length (S7). */
export function pad(plaintext: Uint8Array, minimum: number): Uint8Array {
  const padded = new Uint8Array(paddedLength(plaintext.length, minimum))
  padded.set(plaintext)
  padded[plaintext.length] = 0x80
  return padded
}

/** Takes the padding off; `undefined` when it is not exactly what `pad` writes. */
export function unpad(padded: Uint8Array, minimum: number): Uint8Array | undefined {
  let end = padded.length - 1
  while (end >= 0 && padded[end] === 0) end--
  if (end < 0 || padded[end] !== 0x80 || paddedLength(end, minimum) !== padded.length) return undefined
  return padded.subarray(0, end)
}

/** What a vault record holds: a value, or the mark of a deletion (S7). */
export type VaultPlaintext = { readonly kind: "value"; readonly value: Uint8Array } | { readonly kind: "tombstone" }

/** Type byte (0x00 value, 0x01 tombstone) ‖ value. */
export function encodeVaultPlaintext(plaintext: VaultPlaintext): Uint8Array {
  if (plaintext.kind === "tombstone") return new Uint8Array([1])
  return concatBytes(new Uint8Array([0]), plaintext.value)
}

/** Throws `record_verification_failed`, check "type", for anything that `encodeVaultPlaintext` never writes. */
export function decodeVaultPlaintext(plaintext: Uint8Array): VaultPlaintext {
  if (plaintext[0] === 0) return { kind: "value", value: plaintext.subarray(1) }
  if (plaintext[0] === 1 && plaintext.length === 1) return { kind: "tombstone" }
  throw recordCheckFailed("type", "the plaintext is neither a value nor a tombstone")
}
