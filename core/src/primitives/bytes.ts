/** Byte strings: joining, text encodings and little-endian integers (S2). No secrets are logged or kept here. */

const encoder = new TextEncoder()
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true })

/** UTF-8 bytes of a string. Lone surrogates become U+FFFD, so check text before it comes here. */
export function utf8(text: string): Uint8Array {
  return encoder.encode(text)
}

/**
 * As `utf8`, in memory that other small byte strings share, which takes a fifth of the time. Not for what is secret, nor for what
 * goes to another thread as it is.
 */
export function sharedUtf8(text: string): Uint8Array {
  return plainBytes(Buffer.from(text))
}

/** The string that these UTF-8 bytes spell. Throws `TypeError` when they are not valid UTF-8. */
export function fromUtf8(bytes: Uint8Array): string {
  return decoder.decode(bytes)
}

export function concatBytes(...parts: readonly Uint8Array[]): Uint8Array {
  let length = 0
  for (const part of parts) length += part.length
  const joined = new Uint8Array(length)
  let offset = 0
  for (const part of parts) {
    joined.set(part, offset)
    offset += part.length
  }
  return joined
}

/**
 * The same memory as a plain `Uint8Array`. Node's functions answer with `Buffer`, whose `slice` shares memory instead of
 * copying it and which prints its bytes: neither may leave this folder.
 */
export function plainBytes(buffer: Uint8Array): Uint8Array {
  return new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.length)
}

/** Base64url without padding (S2). */
export function toBase64Url(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("base64url")
}

/** Reads canonical base64url without padding; `undefined` when the text is anything else. */
export function fromBase64Url(text: string): Uint8Array | undefined {
  // Memory of its own, not a view into Node's pool: the text may be a key, which is wiped later.
  const bytes = new Uint8Array(Math.floor((text.length * 3) / 4))
  const buffer = Buffer.from(bytes.buffer)
  const written = buffer.write(text, "base64url")
  // Node ignores foreign characters and non-zero trailing bits: only the one canonical spelling counts.
  if (written === bytes.length && buffer.toString("base64url") === text) return bytes
  bytes.fill(0)
  return undefined
}

/** Standard base64 with padding (RFC 4648, section 4), as in signed notes. */
export function toBase64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("base64")
}

/** Reads canonical standard base64 with padding; `undefined` when the text is anything else. */
export function fromBase64(text: string): Uint8Array | undefined {
  const bytes = new Uint8Array(Buffer.from(text, "base64"))
  return toBase64(bytes) === text ? bytes : undefined
}

export function toHex(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("hex")
}

/** Reads lower-case hexadecimal of even length; `undefined` when the text is anything else. */
export function fromHex(text: string): Uint8Array | undefined {
  if (!/^(?:[0-9a-f]{2})*$/.test(text)) return undefined
  return new Uint8Array(Buffer.from(text, "hex"))
}

const base32Alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"

/** Base32 (RFC 4648, upper case, no padding). Trailing bits are zero. */
export function toBase32(bytes: Uint8Array): string {
  let text = ""
  let buffered = 0
  let bits = 0
  for (const byte of bytes) {
    buffered = (buffered << 8) | byte
    bits += 8
    while (bits >= 5) {
      bits -= 5
      text += base32Alphabet[(buffered >>> bits) & 31]
    }
    buffered &= (1 << bits) - 1
  }
  if (bits > 0) text += base32Alphabet[(buffered << (5 - bits)) & 31]
  return text
}

/** Little-endian 8 bytes of a non-negative safe integer. Throws `RangeError` for anything else. */
export function le64(value: number): Uint8Array {
  if (!Number.isSafeInteger(value) || value < 0) throw new RangeError("le64: not a non-negative safe integer")
  const bytes = new Uint8Array(8)
  writeLe64(bytes, 0, value)
  return bytes
}

/** Writes `le64(value)` at `offset`. The caller guarantees a non-negative safe integer. */
export function writeLe64(target: Uint8Array, offset: number, value: number): void {
  writeLe32(target, offset, value % 0x1_0000_0000)
  writeLe32(target, offset + 4, Math.floor(value / 0x1_0000_0000))
}

export function writeLe32(target: Uint8Array, offset: number, value: number): void {
  target[offset] = value & 0xff
  target[offset + 1] = (value >>> 8) & 0xff
  target[offset + 2] = (value >>> 16) & 0xff
  target[offset + 3] = (value >>> 24) & 0xff
}

export function readLe32(source: Uint8Array, offset: number): number {
  return new DataView(source.buffer, source.byteOffset, source.byteLength).getUint32(offset, true)
}

/** Overwrites key material with zeros, as far as the runtime allows (S2). */
export function wipe(...buffers: readonly (Uint8Array | undefined)[]): void {
  for (const buffer of buffers) buffer?.fill(0)
}
