/** Identifiers, a branded type each, and the only ways to make them from text and bytes. */
import { fromHex, toBase32, toHex, utf8 } from "../primitives/bytes.ts"
import { sha256 } from "../primitives/hash.ts"
import type { RandomSource } from "../primitives/random.ts"
import { pae } from "./pae.ts"

declare const brand: unique symbol
type Branded<Name extends string> = string & { readonly [brand]: Name }

/** 26 characters of upper-case base32: 130 bits of the hash of the root's public keys (S3). */
export type WorkspaceId = Branded<"WorkspaceId">
/** Lower-case UUIDv8 that commits to the client's public keys (S3). */
export type ClientId = Branded<"ClientId">
/** Lower-case UUID of a key set: an environment or a tenant (S4). */
export type KeysetId = Branded<"KeysetId">
/** 16 lower-case base32 characters (S3). */
export type ApiKeyId = Branded<"ApiKeyId">
/** Who signed a document: the workspace id for the root, else a client id (S4). */
export type SignerId = WorkspaceId | ClientId

const uuidPattern = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/
const workspaceIdPattern = /^[A-Z2-7]{26}$/
const apiKeyIdPattern = /^[a-z2-7]{16}$/

export function isWorkspaceId(text: string): text is WorkspaceId {
  return workspaceIdPattern.test(text)
}

export function isClientId(text: string): text is ClientId {
  return uuidPattern.test(text) && text[14] === "8" && "89ab".includes(text[19] ?? "")
}

export function isKeysetId(text: string): text is KeysetId {
  return uuidPattern.test(text)
}

export function isApiKeyId(text: string): text is ApiKeyId {
  return apiKeyIdPattern.test(text)
}

/** The 16 bytes of a lower-case UUID. The caller has checked the form. */
export function uuidBytes(uuid: ClientId | KeysetId): Uint8Array {
  const bytes = fromHex(uuid.replaceAll("-", ""))
  if (bytes?.length !== 16) throw new RangeError("not a UUID")
  return bytes
}

export function uuidFromBytes(bytes: Uint8Array): string {
  if (bytes.length !== 16) throw new RangeError("a UUID has 16 bytes")
  const hex = toHex(bytes)
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`
}

/** A fresh random key set id (UUIDv4). */
export function newKeysetId(random: RandomSource): KeysetId {
  return uuidFromBytes(withVersion(random(16), 4)) as KeysetId
}

/** The bytes that stand for a signer in `pae`: 26 of UTF-8 for the root, 16 for a client. */
export function signerBytes(signer: SignerId): Uint8Array {
  return isWorkspaceId(signer) ? utf8(signer) : uuidBytes(signer as ClientId)
}

/** First 26 characters of base32 of `H(pae("workspace/id", signPk, kemPk))` (S3). `signPk` 32 bytes, `kemPk` 1,216. */
export function workspaceIdOf(signPk: Uint8Array, kemPk: Uint8Array): WorkspaceId {
  return toBase32(sha256(pae("workspace/id", signPk, kemPk))).slice(0, 26) as WorkspaceId
}

/** UUIDv8 of the first 16 bytes of `H(pae("client/id", workspaceId, signPk, kemPk))` (S3). */
export function clientIdOf(workspaceId: WorkspaceId, signPk: Uint8Array, kemPk: Uint8Array): ClientId {
  const hash = sha256(pae("client/id", workspaceId, signPk, kemPk)).slice(0, 16)
  return uuidFromBytes(withVersion(hash, 8)) as ClientId
}

function withVersion(bytes: Uint8Array, version: 4 | 8): Uint8Array {
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | (version << 4)
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80
  return bytes
}
