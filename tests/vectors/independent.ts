/**
 * The protocol once more, written from `spec/protocol.md` alone: WebCrypto and @noble/* instead of node:crypto and
 * @hpke/*, no line shared with core. Only tests and the generator of vectors use it.
 */
import { ed25519 } from "@noble/curves/ed25519.js"
import { ml_kem768_x25519 as xWing } from "@noble/post-quantum/hybrid.js"

type Bytes = Uint8Array<ArrayBuffer>
const { subtle } = globalThis.crypto
const text = new TextEncoder()

export const hex = (bytes: Uint8Array): string =>
  Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("")

export function unhex(digits: string): Bytes {
  if (!/^(?:[0-9a-f]{2})*$/.test(digits)) throw new Error("not hexadecimal")
  return Uint8Array.from(digits.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16))
}

export const ascii = (string: string): Bytes => new Uint8Array(text.encode(string))

export function join(...parts: readonly Uint8Array[]): Bytes {
  return Uint8Array.from(parts.flatMap((part) => [...part]))
}

export function le64(value: number | bigint): Bytes {
  const view = new DataView(new ArrayBuffer(8))
  view.setBigUint64(0, BigInt(value), true)
  return new Uint8Array(view.buffer)
}

/** A list names its item label; `null` is an absent field. */
export type Field = Uint8Array | string | number | null | { readonly item: string; readonly of: readonly Field[][] }

/** S2, "Encoding for hashes, keys and signatures". */
export function pae(label: string, ...fields: readonly Field[]): Bytes {
  const parts = [ascii(`halfkey/v1/${label}`), ...fields.map(fieldBytes)]
  return join(le64(parts.length), ...parts.flatMap((part) => [le64(part.length), part]))
}

function fieldBytes(field: Field): Uint8Array {
  if (field === null) return new Uint8Array(0)
  if (typeof field === "string") return ascii(field)
  if (typeof field === "number") return le64(field)
  if (field instanceof Uint8Array) return field
  const items = field.of.map((fields) => pae(field.item, ...fields))
  return join(le64(items.length), ...items.flatMap((item) => [le64(item.length), item]))
}

export const uuid = (id: string): Bytes => unhex(id.split("-").join(""))

export async function sha256(bytes: Uint8Array): Promise<Bytes> {
  return new Uint8Array(await subtle.digest("SHA-256", new Uint8Array(bytes)))
}

export async function hmac(key: Uint8Array, message: Uint8Array): Promise<Bytes> {
  // WebCrypto refuses an empty key, which HMAC fills up with zeros anyway.
  const raw = key.length === 0 ? new Uint8Array(32) : new Uint8Array(key)
  const imported = await subtle.importKey("raw", raw, { name: "HMAC", hash: "SHA-256" }, false, ["sign"])
  return new Uint8Array(await subtle.sign("HMAC", imported, new Uint8Array(message)))
}

/** Extract and expand in one, as WebCrypto has it. */
export async function hkdf(salt: Uint8Array, ikm: Uint8Array, info: Uint8Array, length: number): Promise<Bytes> {
  const key = await subtle.importKey("raw", new Uint8Array(ikm), "HKDF", false, ["deriveBits"])
  const parameters = { name: "HKDF", hash: "SHA-256", salt: new Uint8Array(salt), info: new Uint8Array(info) }
  return new Uint8Array(await subtle.deriveBits(parameters, key, length * 8))
}

export const derive = (seed: Uint8Array, label: string, length = 32) =>
  hkdf(new Uint8Array(0), seed, pae(label), length)

async function gcm(key: Uint8Array) {
  return await subtle.importKey("raw", new Uint8Array(key), "AES-GCM", false, ["encrypt", "decrypt"])
}

export async function seal(key: Uint8Array, iv: Uint8Array, aad: Uint8Array, plaintext: Uint8Array): Promise<Bytes> {
  const parameters = { name: "AES-GCM", iv: new Uint8Array(iv), additionalData: new Uint8Array(aad) }
  return new Uint8Array(await subtle.encrypt(parameters, await gcm(key), new Uint8Array(plaintext)))
}

export async function open(key: Uint8Array, iv: Uint8Array, aad: Uint8Array, sealed: Uint8Array): Promise<Bytes> {
  const parameters = { name: "AES-GCM", iv: new Uint8Array(iv), additionalData: new Uint8Array(aad) }
  return new Uint8Array(await subtle.decrypt(parameters, await gcm(key), new Uint8Array(sealed)))
}

export const sign = (seed: Uint8Array, message: Uint8Array): Bytes => new Uint8Array(ed25519.sign(message, seed))
export const verify = (publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean =>
  ed25519.verify(signature, message, publicKey, { zip215: false })

export const kemPublicKey = (seed: Uint8Array): Bytes => new Uint8Array(xWing.keygen(new Uint8Array(seed)).publicKey)

/** RFC 9180 base mode with X-Wing and HKDF-SHA-256. `aead` is its id: 2 for AES-256-GCM. */
export async function hpkeKeys(sharedSecret: Uint8Array, info: Uint8Array, aead: number) {
  const suite = join(ascii("HPKE"), unhex("647a"), unhex("0001"), Uint8Array.of(0, aead))
  const version = ascii("HPKE-v1")
  const extract = (salt: Uint8Array, label: string, ikm: Uint8Array) =>
    hmac(salt, join(version, suite, ascii(label), ikm))
  const none = new Uint8Array(0)
  const [pskIdHash, infoHash] = [await extract(none, "psk_id_hash", none), await extract(none, "info_hash", info)]
  const context = join(Uint8Array.of(0), pskIdHash, infoHash)
  const secret = await extract(sharedSecret, "secret", none)
  // At most one block of HKDF-Expand is needed for a key of 32 bytes and a nonce of 12.
  const expand = async (label: string, length: number) => {
    const labeled = join(Uint8Array.of(0, length), version, suite, ascii(label), context, Uint8Array.of(1))
    return (await hmac(secret, labeled)).slice(0, length)
  }
  return { key: await expand("key", 32), nonce: await expand("base_nonce", 12) }
}

/** Seals with fixed randomness: the 64 bytes of `EncapsulateDerand` of the X-Wing draft. */
export async function hpkeSeal(publicKey: Uint8Array, info: Uint8Array, plaintext: Uint8Array, randomness: Uint8Array) {
  const { cipherText, sharedSecret } = xWing.encapsulate(new Uint8Array(publicKey), new Uint8Array(randomness))
  const { key, nonce } = await hpkeKeys(sharedSecret, info, 2)
  return { enc: new Uint8Array(cipherText), sealed: await seal(key, nonce, new Uint8Array(0), plaintext) }
}

export async function hpkeOpen(privateKey: Uint8Array, info: Uint8Array, enc: Uint8Array, sealed: Uint8Array) {
  const { key, nonce } = await hpkeKeys(decapsulate(privateKey, enc), info, 2)
  return await open(key, nonce, new Uint8Array(0), sealed)
}

export const encapsulate = (publicKey: Uint8Array, randomness: Uint8Array) => xWing.encapsulate(publicKey, randomness)

export function decapsulate(privateKey: Uint8Array, enc: Uint8Array): Bytes {
  return new Uint8Array(xWing.decapsulate(new Uint8Array(enc), new Uint8Array(privateKey)))
}

export function base32(bytes: Uint8Array): string {
  const bits = Array.from(bytes, (byte) => byte.toString(2).padStart(8, "0")).join("")
  const groups = bits.match(/.{1,5}/g) ?? []
  return groups.map((group) => "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"[Number.parseInt(group.padEnd(5, "0"), 2)]).join("")
}

export function base64url(bytes: Uint8Array): string {
  const binary = Array.from(bytes, (byte) => String.fromCharCode(byte)).join("")
  return btoa(binary).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "")
}

export function unbase64url(encoded: string): Bytes {
  const binary = atob(encoded.replaceAll("-", "+").replaceAll("_", "/"))
  return Uint8Array.from(binary, (character) => character.charCodeAt(0))
}
