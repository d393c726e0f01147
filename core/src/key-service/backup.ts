/**
 * Backup files (S11): `header ‖ chunks ‖ H(all before)`. The header is a line that anybody may read; the file's key is derived
 * from it, so that no byte of it can change. Each chunk is sealed for its place, and the last one as the last: nothing can be
 * left out, moved or cut off.
 */
import { HalfkeyError } from "../formats/errors.ts"
import { aesGcmNonceLength, aesGcmOpen, aesGcmSeal, aesGcmTagLength } from "../primitives/aes-gcm.ts"
import { fromBase64Url, fromUtf8, toBase64Url, utf8, wipe, writeLe32, writeLe64 } from "../primitives/bytes.ts"
import type { RootKey } from "./root-key.ts"

const prefix = "halfkey-backup 1 "
const headerMaxLength = 4096
const randomLength = 32
/** Plaintext bytes of every chunk but the last, as this version writes them. */
export const backupChunkLength = 1024 * 1024
const chunkLengthMax = 16 * 1024 * 1024
/** Of the checksum at the end, which shows damage without any key. */
export const backupChecksumLength = 32
/** How much longer a sealed chunk is. */
export const backupChunkOverhead = aesGcmTagLength

/** What anybody may know of a backup. */
export interface BackupHeader {
  /** RFC 3339, in UTC with milliseconds. */
  readonly createdAt: string
  /** Version of the server that wrote it, and of the schema inside. */
  readonly server: string
  readonly schema: number
  /** Which key opens it: the server's root key, or that of a passphrase of its own. */
  readonly key: {
    readonly kind: "root-key" | "passphrase"
    /** The key's fingerprint: 16 hexadecimal digits. */
    readonly id: string
    /** How the key is made from its passphrase, as JSON; `null` for a key that is no passphrase's. */
    readonly derivation: string | null
  }
  /** Plaintext bytes of every chunk but the last. */
  readonly chunkLength: number
  /** 32 random bytes: no two files share a key. */
  readonly random: Uint8Array
}

/** The file's first bytes. */
export function encodeBackupHeader({ random, ...fields }: BackupHeader): Uint8Array {
  return utf8(`${prefix}${JSON.stringify({ ...fields, random: toBase64Url(random) })}\n`)
}

/** Reads the header from the file's first bytes, of which at most 4,096 are looked at. Throws `backup_damaged`. */
export function parseBackupHeader(first: Uint8Array): { readonly header: BackupHeader; readonly bytes: Uint8Array } {
  const end = first.subarray(0, headerMaxLength).indexOf(0x0a)
  const bytes = first.slice(0, end + 1)
  const text = textOf(bytes)
  if (end < 0 || !text.startsWith(prefix)) throw damaged("it is no backup of halfkey-server, or of a newer one")
  const header = readFields(text.slice(prefix.length))
  if (header === undefined) throw damaged("its header is damaged")
  return { header, bytes }
}

function textOf(bytes: Uint8Array): string {
  try {
    return fromUtf8(bytes)
  } catch {
    return ""
  }
}

function readFields(text: string): BackupHeader | undefined {
  try {
    const { createdAt, server, schema, key, chunkLength, random: random64 } = JSON.parse(text)
    const random = fromBase64Url(String(random64))
    const isKey =
      ["root-key", "passphrase"].includes(key.kind) &&
      /^[0-9a-f]{16}$/.test(key.id) &&
      (key.derivation === null ? key.kind === "root-key" : typeof key.derivation === "string")
    const isRight =
      /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/.test(createdAt) &&
      /^[0-9A-Za-z.+-]{1,40}$/.test(server) &&
      isWithin(schema, 2 ** 31) &&
      isWithin(chunkLength, chunkLengthMax)
    if (!isKey || !isRight || random?.length !== randomLength) return undefined
    const { kind, id, derivation } = key
    return { createdAt, server, schema, key: { kind, id, derivation }, chunkLength, random }
  } catch {
    return undefined
  }
}

function isWithin(value: unknown, most: number): boolean {
  return typeof value === "number" && Number.isInteger(value) && value >= 1 && value <= most
}

/** Seals or opens the chunks of one file, in their order. */
export class BackupChunks {
  readonly #key: Uint8Array
  #place = 0

  /** `header` are the bytes as they stand in the file. */
  constructor(rootKey: RootKey, header: Uint8Array) {
    this.#key = rootKey.backupKey(header)
  }

  /** 16 bytes longer than `chunk`. */
  seal(chunk: Uint8Array, isLast: boolean): Uint8Array {
    return aesGcmSeal(this.#key, this.#nonce(isLast), new Uint8Array(0), chunk)
  }

  /** `undefined` when it is not what was sealed with this key and header, at this place, as the last one or not. */
  open(sealed: Uint8Array, isLast: boolean): Uint8Array | undefined {
    return aesGcmOpen(this.#key, this.#nonce(isLast), new Uint8Array(0), sealed)
  }

  close(): void {
    wipe(this.#key)
  }

  /** `le64(place) ‖ u32le(1 for the last chunk, else 0)`; a file's key is used for nothing else. */
  #nonce(isLast: boolean): Uint8Array {
    const nonce = new Uint8Array(aesGcmNonceLength)
    writeLe64(nonce, 0, this.#place++)
    writeLe32(nonce, 8, isLast ? 1 : 0)
    return nonce
  }
}

/** What stands in the file behind its header: how many chunks, and how long the last one is. Throws `backup_damaged`. */
export function backupChunkLengths(bodyLength: number, chunkLength: number): { count: number; last: number } {
  const whole = chunkLength + backupChunkOverhead
  const count = Math.ceil(bodyLength / whole)
  const last = bodyLength - (count - 1) * whole
  if (count < 1 || last < backupChunkOverhead) throw damaged("it is cut off")
  return { count, last }
}

function damaged(why: string): HalfkeyError {
  return new HalfkeyError("backup_damaged", `the file cannot be read: ${why}`, { hint: "take another backup" })
}
