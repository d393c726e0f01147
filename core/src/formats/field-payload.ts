/** What stands in a program's own database in the place of a value (S15): a small JSON object around one record. */
import { fromBase64Url, toBase64Url } from "../primitives/bytes.ts"
import { recordCheckFailed } from "./errors.ts"
import { parseRecord } from "./record.ts"

/** The version of the payload that is written. */
const payloadVersion = 1

/** A sealed field, for a `jsonb` column, or as JSON for one of text. Holds nothing but ciphertext. */
export interface EncryptedPayload {
  /** The version of this form. */
  readonly v: 1
  /** The epoch that it is sealed under, as in the record: so that a database can count by it. */
  readonly e: number
  /** The record (S7), base64url. */
  readonly c: string
}

/** The payload of a record. Throws `record_verification_failed`, check "format", for bytes that are none. */
export function encryptedPayload(record: Uint8Array): EncryptedPayload {
  return { v: payloadVersion, e: parseRecord(record).header.epoch, c: toBase64Url(record) }
}

/**
 * The record of a payload, given as an object or as its JSON. Throws `record_verification_failed`, check "format", for
 * anything that `encryptedPayload` never makes; what it says never shows what was given, which may be a value.
 */
export function recordOfPayload(payload: unknown): Uint8Array {
  const members = objectOf(payload)
  if (members["v"] !== payloadVersion) {
    const isNewer = typeof members["v"] === "number" && members["v"] > payloadVersion
    throw recordCheckFailed("format", isNewer ? "a newer version of halfkey sealed it" : "it is no sealed field")
  }
  const { c, e } = members
  const record = typeof c === "string" ? fromBase64Url(c) : undefined
  if (record === undefined || Object.keys(members).length !== 3) {
    throw recordCheckFailed("format", "it is no sealed field")
  }
  if (parseRecord(record).header.epoch !== e)
    throw recordCheckFailed("format", "it names another epoch than its record")
  return record
}

function objectOf(payload: unknown): Readonly<Record<string, unknown>> {
  const value = typeof payload === "string" ? parsed(payload) : payload
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw recordCheckFailed("format", "it is no sealed field")
  }
  // Own members alone count, whatever the object inherits.
  return Object.assign(Object.create(null), value) as Readonly<Record<string, unknown>>
}

/** The parser's own error quotes the text, so it is left behind. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
