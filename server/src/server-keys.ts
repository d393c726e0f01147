/** The server's own signing keys (S8, S11, S12): for access tokens and for audit checkpoints, wrapped in the database. */
import { HalfkeyError } from "@halfkey/core/formats/errors"
import type { RootKey } from "@halfkey/core/key-service/root-key"
import { newSigningSeed, signingKeyFromSeed } from "@halfkey/core/key-service/signing-key"
import { toBase64Url, wipe } from "@halfkey/core/primitives/bytes"
import { sha256 } from "@halfkey/core/primitives/hash"
import type { RandomSource } from "@halfkey/core/primitives/random"
import type { JsonWebKeySet } from "@halfkey/core/wire/discovery"
import { type CryptoKey, importJWK } from "jose"
import type { SigningKeyRow } from "./domain/rows.ts"
import type { Store } from "./domain/store.ts"
import type { TokenKey } from "./services/auth/access-tokens.ts"

export interface ServerKeys {
  /** The last one signs. */
  readonly tokenKeys: readonly TokenKey[]
  readonly jwks: JsonWebKeySet
  /** Public key of audit checkpoints, 32 bytes: what rosters name as `auditKey`. */
  readonly auditKey: Uint8Array
}

/** Makes the server's row and keys in a database that has none. */
export async function initializeServer(store: Store, rootKey: RootKey, now: number, random: RandomSource) {
  const signingKeys = (["token-key", "checkpoint-key"] as const).map((kind) => {
    const seed = newSigningSeed(random)
    const { publicKey } = signingKeyFromSeed(seed)
    const wrapped = rootKey.wrap({ kind }, seed, random)
    wipe(seed)
    return { kid: toBase64Url(sha256(publicKey).subarray(0, 12)), kind, wrapped, createdAt: now }
  })
  await store.initialize({ server: { rootKeyId: rootKey.id, createdAt: now }, signingKeys })
}

/** Unwraps the keys. Throws `database_damaged`. */
export async function loadServerKeys(store: Store, rootKey: RootKey): Promise<ServerKeys> {
  const rows = await store.signingKeys()
  const tokenKeys: TokenKey[] = []
  const jwks: JsonWebKeySet = { keys: [] }
  let auditKey: Uint8Array | undefined
  for (const row of rows) {
    const { publicKey, jwk } = unwrapped(row, rootKey)
    if (row.kind === "checkpoint-key") {
      auditKey = publicKey
      continue
    }
    const { kty, crv, x } = jwk
    tokenKeys.push({
      kid: row.kid,
      privateKey: (await importJWK(jwk, "Ed25519")) as CryptoKey,
      publicKey: (await importJWK({ kty, crv, x }, "Ed25519")) as CryptoKey,
    })
    jwks.keys.push({ kty, crv, alg: "Ed25519", use: "sig", kid: row.kid, x })
  }
  if (auditKey === undefined || tokenKeys.length === 0) {
    throw new HalfkeyError("database_damaged", "the database lacks a signing key of its server", {
      hint: "keep a copy of the database and restore a backup",
    })
  }
  return { tokenKeys, jwks, auditKey }
}

function unwrapped({ kind, wrapped }: SigningKeyRow, rootKey: RootKey) {
  const seed = rootKey.unwrap({ kind }, wrapped)
  const { publicKey } = signingKeyFromSeed(seed)
  const jwk = { kty: "OKP", crv: "Ed25519", x: toBase64Url(publicKey), d: toBase64Url(seed) } as const
  wipe(seed)
  return { publicKey, jwk }
}
