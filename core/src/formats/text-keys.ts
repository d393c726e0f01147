/** Keys as text (S3): a fixed prefix that secret scanners find, and a checksum that tells a typing error. */
import { concatBytes, fromBase64Url, toBase64Url, wipe } from "../primitives/bytes.ts"
import { equalBytes, sha256 } from "../primitives/hash.ts"
import { HalfkeyError } from "./errors.ts"
import { type ApiKeyId, isApiKeyId } from "./ids.ts"
import { pae } from "./pae.ts"

export const textKeyPrefixes = {
  clientKey: "hkck_",
  recoveryKit: "hkrk_",
  apiKey: "hkak_",
  setupToken: "hkst_",
} as const

const keyLength = 32
const checksumLength = 4

/** `prefix + base64url(key ‖ checksum)`; the checksum is 4 bytes of `H(pae("text-checksum", prefix, key))`. */
function formatTextKey(prefix: string, key: Uint8Array): string {
  if (key.length !== keyLength) throw new RangeError("a text key has 32 bytes")
  const bytes = concatBytes(key, checksum(prefix, key))
  const text = prefix + toBase64Url(bytes)
  wipe(bytes)
  return text
}

function parseTextKey(prefix: string, text: string, what: string): Uint8Array {
  if (!text.startsWith(prefix)) throw typingError(what, `it must start with ${prefix}`)
  const bytes = fromBase64Url(text.slice(prefix.length))
  if (bytes?.length !== keyLength + checksumLength) {
    throw typingError(what, "it has too few, too many or foreign characters")
  }
  const key = bytes.slice(0, keyLength)
  const fits = equalBytes(bytes.subarray(keyLength), checksum(prefix, key))
  wipe(bytes)
  if (fits) return key
  wipe(key)
  throw typingError(what, "its checksum does not fit")
}

function checksum(prefix: string, key: Uint8Array): Uint8Array {
  const message = pae("text-checksum", prefix, key)
  const hash = sha256(message)
  wipe(message)
  return hash.subarray(0, checksumLength)
}

function typingError(what: string, why: string): HalfkeyError {
  return new HalfkeyError("invalid_key_text", `the ${what} is not usable: ${why}`, {
    hint: `copy the whole ${what} again, from its first to its last character`,
  })
}

/** `CS_CLIENT_KEY`: `hkck_…` of 32 bytes. */
export function formatClientKey(key: Uint8Array): string {
  return formatTextKey(textKeyPrefixes.clientKey, key)
}

/** The 32 bytes of a client key. Throws `invalid_key_text`; the text never is part of the error. */
export function parseClientKey(text: string): Uint8Array {
  return parseTextKey(textKeyPrefixes.clientKey, text, "client key (CS_CLIENT_KEY)")
}

/** The recovery kit: `hkrk_…` of the 32 bytes of the workspace root. */
export function formatRecoveryKit(root: Uint8Array): string {
  return formatTextKey(textKeyPrefixes.recoveryKit, root)
}

/** The 32 bytes of the workspace root. Throws `invalid_key_text`. */
export function parseRecoveryKit(text: string): Uint8Array {
  return parseTextKey(textKeyPrefixes.recoveryKit, text, "recovery kit")
}

/** The server's one-time setup token: `hkst_…` of 32 random bytes. */
export function formatSetupToken(secret: Uint8Array): string {
  return formatTextKey(textKeyPrefixes.setupToken, secret)
}

/** The 32 bytes of a setup token. Throws `invalid_key_text`. */
export function parseSetupToken(text: string): Uint8Array {
  return parseTextKey(textKeyPrefixes.setupToken, text, "setup token")
}

export interface ApiKeyParts {
  readonly keyId: ApiKeyId
  /** 32 bytes; the server keeps only their SHA-256. */
  readonly secret: Uint8Array
}

/** `CS_CLIENT_ACCESS_KEY`: `hkak_<key id>_…`. The key id is under the checksum too. */
export function formatApiKey({ keyId, secret }: ApiKeyParts): string {
  return formatTextKey(`${textKeyPrefixes.apiKey}${keyId}_`, secret)
}

/** Key id and secret of an API key. Throws `invalid_key_text`. */
export function parseApiKey(text: string): ApiKeyParts {
  const what = "API key (CS_CLIENT_ACCESS_KEY)"
  const prefixLength = textKeyPrefixes.apiKey.length + 17
  const prefix = text.slice(0, prefixLength)
  const keyId = prefix.slice(textKeyPrefixes.apiKey.length, -1)
  if (!prefix.startsWith(textKeyPrefixes.apiKey) || !prefix.endsWith("_") || !isApiKeyId(keyId)) {
    throw typingError(what, `it must start with ${textKeyPrefixes.apiKey} and 16 characters of a-z and 2-7`)
  }
  return { keyId, secret: parseTextKey(prefix, text, what) }
}
