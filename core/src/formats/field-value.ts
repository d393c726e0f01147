/** Values of fields (S15) as bytes under seal: a type byte and the value, so that a value comes back as what it was, or not at all. */
import { concatBytes, fromUtf8, utf8, wipe } from "../primitives/bytes.ts"
import { recordCheckFailed } from "./errors.ts"
import { type JsonValue, jsonText } from "./json-text.ts"

/** What a field of each type holds. */
export interface FieldValues {
  text: string
  /** Any double: NaN, the infinities and -0, too. */
  number: number
  boolean: boolean
  date: Date
  bigint: bigint
  json: JsonValue
  bytes: Uint8Array
}

/** What a column can be declared as. */
export type FieldType = keyof FieldValues

/** The type byte of each type (S15). Rows are added, never changed. */
export const fieldTypes = { text: 1, number: 2, boolean: 3, date: 4, bigint: 5, json: 6, bytes: 7 } as const

/** Greatest distance of a date from 1970, in milliseconds. */
const dateMax = 8_640_000_000_000_000

const encoders: { readonly [Type in FieldType]: (value: FieldValues[Type]) => Uint8Array } = {
  text: (value) => {
    // UTF-8 has no bytes for a lone surrogate: another character would come back (S2).
    if (!value.isWellFormed()) throw new RangeError("it is not well-formed text: it holds half a character")
    return utf8(value)
  },
  number: (value) => eightBytes((view) => view.setFloat64(0, value, true)),
  boolean: (value) => Uint8Array.of(value ? 1 : 0),
  date: (value) => {
    const time = value.getTime()
    if (Number.isNaN(time)) throw new RangeError("it is an invalid date")
    return eightBytes((view) => view.setBigInt64(0, BigInt(time), true))
  },
  bigint: (value) => utf8(value.toString()),
  json: (value) => utf8(jsonText(value)),
  bytes: (value) => value,
}

const decoders: { readonly [Type in FieldType]: (bytes: Uint8Array) => FieldValues[Type] | undefined } = {
  text: fromUtf8,
  number: (bytes) => (bytes.length === 8 ? viewOf(bytes).getFloat64(0, true) : undefined),
  boolean: (bytes) => (bytes.length === 1 && (bytes[0] === 0 || bytes[0] === 1) ? bytes[0] === 1 : undefined),
  date: (bytes) => {
    if (bytes.length !== 8) return undefined
    const time = Number(viewOf(bytes).getBigInt64(0, true))
    return Math.abs(time) <= dateMax ? new Date(time) : undefined
  },
  bigint: (bytes) => {
    const digits = fromUtf8(bytes)
    return /^(?:0|-?[1-9][0-9]*)$/.test(digits) ? BigInt(digits) : undefined
  },
  json: (bytes) => JSON.parse(fromUtf8(bytes)) as JsonValue,
  // A copy of exactly the value: the buffer behind it holds padding too, and is overwritten.
  bytes: (bytes) => bytes.slice(),
}

/**
 * Type byte ‖ value (S15). Throws `RangeError`, in words about "it", for what would not come back as it is: half a
 * character, an invalid date, and what JSON cannot hold.
 */
export function encodeFieldValue<Type extends FieldType>(type: Type, value: FieldValues[Type]): Uint8Array {
  const bytes = encoders[type](value)
  const plaintext = concatBytes(Uint8Array.of(fieldTypes[type]), bytes)
  // The caller's own bytes stay as they are.
  if (bytes !== value) wipe(bytes)
  return plaintext
}

/**
 * The value of an opened field, as a copy. Throws `record_verification_failed`, check "type", for another type than the
 * one expected, and for bytes that `encodeFieldValue` never writes.
 */
export function decodeFieldValue<Type extends FieldType>(type: Type, plaintext: Uint8Array): FieldValues[Type] {
  if (plaintext[0] !== fieldTypes[type]) {
    const sealed = Object.entries(fieldTypes).find(([, byte]) => byte === plaintext[0])?.[0] ?? "of an unknown type"
    throw recordCheckFailed("type", `the column is declared as ${type}, the sealed value is ${sealed}`)
  }
  const value = decoded(type, plaintext.subarray(1))
  if (value === undefined) throw recordCheckFailed("type", `the sealed bytes are no ${type}`)
  return value
}

/** The parser's own error quotes what it read, so it is left behind. */
function decoded<Type extends FieldType>(type: Type, bytes: Uint8Array): FieldValues[Type] | undefined {
  try {
    return decoders[type](bytes)
  } catch {
    return undefined
  }
}

function eightBytes(write: (view: DataView) => void): Uint8Array {
  const bytes = new Uint8Array(8)
  write(viewOf(bytes))
  return bytes
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}
