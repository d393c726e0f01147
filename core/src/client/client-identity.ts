/** A client's own keys (S3), all from its client key. The private ones stay inside this object and print nothing. */

import { derive } from "../formats/derive.ts"
import { type ClientId, clientIdOf, type WorkspaceId } from "../formats/ids.ts"
import { formatClientKey, parseClientKey } from "../formats/text-keys.ts"
import { wipe } from "../primitives/bytes.ts"
import { type SigningKey, signingKeyFromSeed } from "../primitives/ed25519.ts"
import { xWingPublicKey } from "../primitives/hpke-x-wing.ts"
import { KeyBytes } from "../primitives/key-bytes.ts"
import type { RandomSource } from "../primitives/random.ts"

/** What others may know of a client: `signPk` 32 bytes, `kemPk` 1,216. */
export interface ClientPublicKeys {
  readonly clientId: ClientId
  readonly signPk: Uint8Array
  readonly kemPk: Uint8Array
}

export class ClientIdentity {
  readonly workspaceId: WorkspaceId
  readonly clientId: ClientId
  readonly #clientKey: KeyBytes
  #signingKey: SigningKey | undefined

  private constructor(workspaceId: WorkspaceId, clientId: ClientId, clientKey: Uint8Array) {
    this.workspaceId = workspaceId
    this.clientId = clientId
    this.#clientKey = new KeyBytes(clientKey)
  }

  /**
   * The identity as configured, `clientKey` as `hkck_…`. Throws `invalid_key_text`.
   * That the id belongs to the key is checked by `ownsClientId`, since it needs the lattice code.
   */
  static fromConfiguration(workspaceId: WorkspaceId, clientId: ClientId, clientKey: string): ClientIdentity {
    return new ClientIdentity(workspaceId, clientId, parseClientKey(clientKey))
  }

  /** A new client, made on this machine. Show `clientKeyText()` once. */
  static async create(workspaceId: WorkspaceId, random: RandomSource): Promise<ClientIdentity> {
    const clientKey = random(32)
    const kemKey = derive(clientKey, "client/kem", 32)
    const signSeed = derive(clientKey, "client/sign", 32)
    const kemPk = await xWingPublicKey(kemKey)
    const signPk = signingKeyFromSeed(signSeed).publicKey
    wipe(kemKey, signSeed)
    return new ClientIdentity(workspaceId, clientIdOf(workspaceId, signPk, kemPk), clientKey)
  }

  get signingKey(): SigningKey {
    if (this.#signingKey === undefined) {
      const seed = derive(this.#clientKey.expose(), "client/sign", 32)
      this.#signingKey = signingKeyFromSeed(seed)
      wipe(seed)
    }
    return this.#signingKey
  }

  /** Loads the lattice code: about 100 ms the first time. */
  async publicKeys(): Promise<ClientPublicKeys> {
    const kemKey = this.kemPrivateKey()
    const kemPk = await xWingPublicKey(kemKey)
    wipe(kemKey)
    return { clientId: this.clientId, signPk: this.signingKey.publicKey, kemPk }
  }

  /** Whether the configured client id is the one of the configured client key. Loads the lattice code. */
  async ownsClientId(): Promise<boolean> {
    const { signPk, kemPk } = await this.publicKeys()
    return clientIdOf(this.workspaceId, signPk, kemPk) === this.clientId
  }

  /** `hkck_…`: shown once to whoever creates the client, or kept by the CLI's profile. */
  clientKeyText(): string {
    return formatClientKey(this.#clientKey.expose())
  }

  /** The X-Wing private key, 32 bytes. The caller wipes it. */
  kemPrivateKey(): Uint8Array {
    return derive(this.#clientKey.expose(), "client/kem", 32)
  }

  /** The AES-256 key of self-wraps, 32 bytes. The caller wipes it. */
  selfWrapKey(): Uint8Array {
    return derive(this.#clientKey.expose(), "client/self-wrap", 32)
  }

  /** The AES-256 key of the client's caches (S14), 32 bytes. The caller wipes it. */
  cacheKey(): Uint8Array {
    return derive(this.#clientKey.expose(), "client/cache", 32)
  }

  /** Overwrites the client key. Whatever needs it throws afterwards. */
  destroy(): void {
    this.#clientKey.destroy()
    this.#signingKey = undefined
  }
}
