/** The JSON encodings of S2 as schemas: bytes as base64url without padding, times as RFC 3339 UTC, ids as text. */
import { Type } from "typebox"
import { secretNameMaxLength } from "../formats/secret-name.ts"

/** Last characters whose unused bits are zero, by bytes above a multiple of three: only one spelling counts. */
const lastCharacter = ["[A-Za-z0-9_-]", "[AQgw]", "[AEIMQUYcgkosw048]"]

/** Exactly `length` bytes, at least one. */
export function Bytes(length: number, description?: string) {
  const characters = Math.ceil((length * 4) / 3)
  return Type.String({
    pattern: `^[A-Za-z0-9_-]{${characters - 1}}${lastCharacter[length % 3]}$`,
    minLength: characters,
    maxLength: characters,
    contentEncoding: "base64url",
    description: `${description ? `${description}, ` : ""}${length} bytes, base64url without padding`,
  })
}

/** Between `minimum` and `maximum` bytes. Whoever reads them checks the unused bits: here the pattern is quick. */
export function BytesUpTo(minimum: number, maximum: number, description: string) {
  return Type.String({
    pattern: "^[A-Za-z0-9_-]*$",
    minLength: Math.ceil((minimum * 4) / 3),
    maxLength: Math.ceil((maximum * 4) / 3),
    contentEncoding: "base64url",
    description,
  })
}

export const Time = Type.String({ format: "date-time", description: "RFC 3339, UTC, milliseconds", maxLength: 24 })
export const Version = Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER })
export const Epoch = Type.Integer({ minimum: 1, maximum: 0xffff_ffff })
export const Uuid = Type.String({ pattern: "^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$" })
export const ApiKeyIdText = Type.String({ pattern: "^[a-z2-7]{16}$" })
export const Label = Type.String({ minLength: 1, maxLength: 100 })
/** Longer and odder names pass here, so that the vault can say what is wrong with them. */
export const SecretNameText = Type.String({ maxLength: secretNameMaxLength * 8 })
export const EnvironmentRef = Type.String({
  minLength: 1,
  maxLength: 63,
  description: "Name or id of an environment",
})
