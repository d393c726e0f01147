/** The server's root key (S11): wraps authority keys and the token and checkpoint keys at rest. */

import { HalfkeyError } from "../formats/errors.ts"
import { type KeysetId, uuidBytes, type WorkspaceId } from "../formats/ids.ts"
import { pae } from "../formats/pae.ts"
import { aesGcmNonceLength, aesGcmOpen, aesGcmSeal } from "../primitives/aes-gcm.ts"
import { concatBytes, toHex, wipe } from "../primitives/bytes.ts"
import { hkdf, sha256 } from "../primitives/hash.ts"
import type { RandomSource } from "../primitives/random.ts"

export const rootKeyLength = 32

/** What is wrapped and where it belongs; absent fields are the empty string in `pae`. */
export interface WrapContext {
  readonly kind: "authority-key" | "token-key" | "checkpoint-key"
  readonly workspaceId?: WorkspaceId
  readonly keysetId?: KeysetId
  readonly epoch?: number
}

export class RootKey {
  /** 8 bytes, `H(pae("root-key/id", key))[0..8)`. */
  readonly id: Uint8Array
  readonly #key: Uint8Array

  /** Takes ownership of the 32 bytes. */
  constructor(key: Uint8Array) {
    if (key.length !== rootKeyLength) throw new HalfkeyError("invalid_configuration", "a root key has 32 bytes")
    this.#key = key
    const message = pae("root-key/id", key)
    this.id = sha256(message).slice(0, 8)
    wipe(message)
  }

  /** The id as people compare it: 16 hexadecimal digits. */
  get fingerprint(): string {
    return toHex(this.id)
  }

  /** `nonce12 ‖ AES-256-GCM(root key, nonce, aad, secret)`. */
  wrap(context: WrapContext, secret: Uint8Array, random: RandomSource): Uint8Array {
    const nonce = random(aesGcmNonceLength)
    return concatBytes(nonce, aesGcmSeal(this.#key, nonce, this.#aad(context), secret))
  }

  /** Throws `database_damaged` when the bytes were not wrapped by this key for this context. */
  unwrap(context: WrapContext, wrapped: Uint8Array): Uint8Array {
    const nonce = wrapped.slice(0, aesGcmNonceLength)
    const opened =
      nonce.length === aesGcmNonceLength
        ? aesGcmOpen(this.#key, nonce, this.#aad(context), wrapped.subarray(aesGcmNonceLength))
        : undefined
    if (opened !== undefined) return opened
    throw new HalfkeyError(
      "database_damaged",
      `a wrapped ${context.kind} does not open with root key ${this.fingerprint}`,
      { hint: "keep a copy of the database and restore a backup" },
    )
  }

  /** The key of one backup file, 32 bytes: `HKDF("", root key, pae("backup", header))`. The caller wipes it. */
  backupKey(header: Uint8Array): Uint8Array {
    return hkdf(new Uint8Array(0), this.#key, pae("backup", header), rootKeyLength)
  }

  #aad({ kind, workspaceId, keysetId, epoch }: WrapContext): Uint8Array {
    return pae("wrap", this.id, kind, workspaceId, keysetId && uuidBytes(keysetId), epoch)
  }
}
