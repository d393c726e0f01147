/**
 * `HPKE`: RFC 9180 base mode with X-Wing, HKDF-SHA-256 and AES-256-GCM (S2).
 * The lattice code is loaded at the first call only: most starts never need it (S4, self-wrap).
 */
import type { webcrypto } from "node:crypto"
import { wipe } from "./bytes.ts"

export const xWingPublicKeyLength = 1216
export const xWingEncLength = 1120
export const xWingPrivateKeyLength = 32

type Libraries = Awaited<ReturnType<typeof loadLibraries>>
let loaded: Promise<Libraries> | undefined

async function loadLibraries() {
  const [{ Aes256Gcm, CipherSuite, HkdfSha256 }, { XWing }] = await Promise.all([
    import("@hpke/core"),
    import("@hpke/hybridkem-x-wing"),
  ])
  return { suite: new CipherSuite({ kem: new XWing(), kdf: new HkdfSha256(), aead: new Aes256Gcm() }) }
}

function libraries(): Promise<Libraries> {
  loaded ??= loadLibraries()
  return loaded
}

/** The X-Wing public key (1,216 bytes) of a 32-byte private key. */
export async function xWingPublicKey(privateKey: Uint8Array): Promise<Uint8Array> {
  if (privateKey.length !== xWingPrivateKeyLength) throw new RangeError("x-wing: the private key must have 32 bytes")
  const { suite } = await libraries()
  const xWing = suite.kem as unknown as { generateKeyPairDerand(seed: Uint8Array): Promise<webcrypto.CryptoKeyPair> }
  // The library refuses a view into a larger buffer, and keeps the copy that it is given.
  const copy = new Uint8Array(privateKey)
  try {
    const pair = await xWing.generateKeyPairDerand(copy)
    return new Uint8Array(await suite.kem.serializePublicKey(pair.publicKey))
  } finally {
    wipe(copy)
  }
}

/**
 * Seals to a public key: `enc` 1,120 bytes, `sealed` = plaintext + 16. Throws for a key that nothing may be sealed to:
 * of a wrong length, with an ML-KEM coefficient of 3,329 or more, or with an X25519 point of small order.
 */
export async function hpkeSeal(
  publicKey: Uint8Array,
  info: Uint8Array,
  plaintext: Uint8Array,
): Promise<{ enc: Uint8Array; sealed: Uint8Array }> {
  if (publicKey.length !== xWingPublicKeyLength) throw new RangeError("x-wing: the public key must have 1216 bytes")
  const { suite } = await libraries()
  const recipientPublicKey = await suite.kem.deserializePublicKey(arrayBuffer(publicKey))
  const copy = arrayBuffer(plaintext)
  try {
    const { enc, ct } = await suite.seal({ recipientPublicKey, info: arrayBuffer(info) }, copy)
    return { enc: new Uint8Array(enc), sealed: new Uint8Array(ct) }
  } finally {
    wipe(new Uint8Array(copy))
  }
}

/** Opens what was sealed to this 32-byte private key; `undefined` when it was not, or was changed. */
export async function hpkeOpen(
  privateKey: Uint8Array,
  info: Uint8Array,
  enc: Uint8Array,
  sealed: Uint8Array,
): Promise<Uint8Array | undefined> {
  if (privateKey.length !== xWingPrivateKeyLength) throw new RangeError("x-wing: the private key must have 32 bytes")
  if (enc.length !== xWingEncLength) return undefined
  const { suite } = await libraries()
  const copy = arrayBuffer(privateKey)
  try {
    const recipientKey = await suite.kem.deserializePrivateKey(copy)
    const opened = await suite.open(
      { recipientKey, enc: arrayBuffer(enc), info: arrayBuffer(info) },
      arrayBuffer(sealed),
    )
    return new Uint8Array(opened)
  } catch {
    return undefined
  } finally {
    wipe(new Uint8Array(copy))
  }
}

/** A copy with a buffer of its own. Not `slice()`: that of a `Buffer` is a view, whose buffer may hold other secrets. */
function arrayBuffer(bytes: Uint8Array): ArrayBuffer {
  return new Uint8Array(bytes).buffer
}
