/**
 * The server's own signing keys (S8, S11, S12): for access tokens and for audit checkpoints, wrapped in the database. They
 * change while the server runs, by `halfkey-server token-key rotate` in another process, so they are read again now and then.
 */
import { HalfkeyError } from "@halfkey/core/formats/errors"
import type { RootKey } from "@halfkey/core/key-service/root-key"
import { kidOf, newSigningSeed, type SigningKey, signingKeyFromSeed } from "@halfkey/core/key-service/signing-key"
import { toBase64Url, wipe } from "@halfkey/core/primitives/bytes"
import { equalBytes } from "@halfkey/core/primitives/hash"
import type { RandomSource } from "@halfkey/core/primitives/random"
import type { JsonWebKeySet } from "@halfkey/core/wire/discovery"
import { type CryptoKey, importJWK } from "jose"
import type { SigningKeyRow } from "./domain/rows.ts"
import type { Store } from "./domain/store.ts"
import type { LoadedRootKey } from "./root-key/load.ts"
import { accessTokenSeconds, type TokenKey, type TokenKeys } from "./services/auth/access-tokens.ts"

/** How often a running server looks for keys that another process made. */
export const keysReadEveryMs = 30_000

/** An older key may go when the newer one has been there for so long: all have read it, and what the older one signed has expired. */
const keptMs = accessTokenSeconds * 1000 + 4 * keysReadEveryMs

/** At most so often is a token with an unknown `kid` a reason to look. */
const unknownKidEveryMs = 1000

/** Keys of one reading of the database, each list from old to new. */
interface LoadedKeys {
  readonly rows: readonly SigningKeyRow[]
  readonly tokenKeys: ReadonlyMap<string, TokenKey>
  readonly newestTokenKey: TokenKey
  readonly jwks: JsonWebKeySet
  readonly checkpointKeys: readonly SigningKey[]
  readonly newestCheckpointKey: SigningKey
}

export interface ServerKeysParts {
  readonly store: Store
  readonly rootKey: RootKey
  /** Milliseconds since 1970. */
  readonly now: () => number
}

export class ServerKeys implements TokenKeys {
  readonly #parts: ServerKeysParts
  #loaded: LoadedKeys
  #lookedForKid = Number.NEGATIVE_INFINITY

  private constructor(parts: ServerKeysParts, loaded: LoadedKeys) {
    this.#parts = parts
    this.#loaded = loaded
  }

  /** Unwraps the keys. Throws `database_damaged`. */
  static async load(parts: ServerKeysParts): Promise<ServerKeys> {
    return new ServerKeys(parts, await unwrapAll(await parts.store.signingKeys(), parts.rootKey))
  }

  /** The one that signs access tokens. */
  get newest(): TokenKey {
    return this.#loaded.newestTokenKey
  }

  get jwks(): JsonWebKeySet {
    return this.#loaded.jwks
  }

  /** Public key of audit checkpoints, 32 bytes: what new rosters name as `auditKey`. */
  get auditKey(): Uint8Array {
    return this.#loaded.newestCheckpointKey.publicKey
  }

  /**
   * The key that signs the checkpoints of a workspace whose newest roster names this public key (32 bytes) as `auditKey`;
   * `undefined` for one that is none of this server's.
   */
  checkpointKey(publicKey: Uint8Array): SigningKey | undefined {
    return this.#loaded.checkpointKeys.find((key) => equalBytes(key.publicKey, publicKey))
  }

  isCurrent(key: TokenKey): boolean {
    return this.#loaded.tokenKeys.get(key.kid) === key
  }

  /** By its `kid`; one that is not known may be newer than what was read last. */
  async find(kid: string): Promise<TokenKey | undefined> {
    const known = this.#loaded.tokenKeys.get(kid)
    const now = this.#parts.now()
    if (known !== undefined || Math.abs(now - this.#lookedForKid) < unknownKidEveryMs) return known
    this.#lookedForKid = now
    await this.refresh()
    return this.#loaded.tokenKeys.get(kid)
  }

  /** Reads the keys again. Whether they had changed. Throws `database_damaged`; then those of before go on. */
  async refresh(): Promise<boolean> {
    const { store, rootKey } = this.#parts
    const rows = await store.signingKeys()
    if (sameKeys(rows, this.#loaded.rows)) return false
    this.#loaded = await unwrapAll(rows, rootKey, this.#loaded)
    return true
  }

  /**
   * Deletes keys that a newer one has replaced: of tokens when the last token that it signed has expired, of checkpoints when
   * moreover no workspace's newest roster names it. The kids that went.
   */
  async sweep(): Promise<readonly string[]> {
    const { store, now } = this.#parts
    const replaced = (["token-key", "checkpoint-key"] as const).flatMap((kind) => {
      const rows = this.#loaded.rows.filter((row) => row.kind === kind)
      return rows.filter((_, index) => (rows[index + 1]?.createdAt ?? Number.POSITIVE_INFINITY) + keptMs <= now())
    })
    if (replaced.length === 0) return []
    const gone = await store.deleteSigningKeys({ kids: replaced.map(({ kid }) => kid) })
    await this.refresh()
    return gone
  }
}

/** A fresh key as the database keeps it, and its public half (32 bytes). `createdAt` orders the keys of a kind. */
export function newSigningKey(
  kind: SigningKeyRow["kind"],
  rootKey: RootKey,
  createdAt: number,
  random: RandomSource,
): { readonly row: SigningKeyRow; readonly publicKey: Uint8Array } {
  const seed = newSigningSeed(random)
  const { publicKey } = signingKeyFromSeed(seed)
  const wrapped = rootKey.wrap({ kind }, seed, random)
  wipe(seed)
  return { row: { kid: kidOf(publicKey), kind, wrapped, createdAt }, publicKey }
}

/** Makes the server's row and keys in a database that has none. */
export async function initializeServer(
  store: Store,
  { rootKey, derivation }: LoadedRootKey,
  now: number,
  random: RandomSource,
): Promise<void> {
  const kinds = ["token-key", "checkpoint-key"] as const
  const signingKeys = kinds.map((kind) => newSigningKey(kind, rootKey, now, random).row)
  await store.initialize({
    server: { rootKeyId: rootKey.id, rootKeyDerivation: derivation, createdAt: now },
    signingKeys,
  })
}

function sameKeys(left: readonly SigningKeyRow[], right: readonly SigningKeyRow[]): boolean {
  return left.length === right.length && left.every(({ kid }, index) => kid === right[index]?.kid)
}

async function unwrapAll(rows: readonly SigningKeyRow[], rootKey: RootKey, earlier?: LoadedKeys): Promise<LoadedKeys> {
  const tokenKeys = new Map<string, TokenKey>()
  const checkpointKeys: SigningKey[] = []
  const jwks: JsonWebKeySet = { keys: [] }
  for (const row of rows) {
    const { key, jwk } = unwrapped(row, rootKey)
    if (row.kind === "checkpoint-key") {
      checkpointKeys.push(key)
      continue
    }
    const { kty, crv, x } = jwk
    // The same object as before, since what was verified by it stays verified.
    tokenKeys.set(row.kid, earlier?.tokenKeys.get(row.kid) ?? (await tokenKey(row.kid, jwk)))
    jwks.keys.push({ kty, crv, alg: "Ed25519", use: "sig", kid: row.kid, x })
  }
  const newestTokenKey = [...tokenKeys.values()].at(-1)
  const newestCheckpointKey = checkpointKeys.at(-1)
  if (newestTokenKey === undefined || newestCheckpointKey === undefined) {
    throw new HalfkeyError("database_damaged", "the database lacks a signing key of its server", {
      hint: "keep a copy of the database and restore a backup",
    })
  }
  return { rows, tokenKeys, newestTokenKey, jwks, checkpointKeys, newestCheckpointKey }
}

async function tokenKey(kid: string, jwk: ReturnType<typeof unwrapped>["jwk"]): Promise<TokenKey> {
  const { kty, crv, x } = jwk
  return {
    kid,
    privateKey: (await importJWK(jwk, "Ed25519")) as CryptoKey,
    publicKey: (await importJWK({ kty, crv, x }, "Ed25519")) as CryptoKey,
  }
}

function unwrapped({ kind, wrapped }: SigningKeyRow, rootKey: RootKey) {
  const seed = rootKey.unwrap({ kind }, wrapped)
  const key = signingKeyFromSeed(seed)
  const jwk = { kty: "OKP", crv: "Ed25519", x: toBase64Url(key.publicKey), d: toBase64Url(seed) } as const
  wipe(seed)
  return { key, jwk }
}
