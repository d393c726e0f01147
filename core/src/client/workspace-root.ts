/** The workspace root (S3): made on the creating admin's machine, shown once as the recovery kit, then wiped. */

import { derive } from "../formats/derive.ts"
import { type WorkspaceId, workspaceIdOf } from "../formats/ids.ts"
import type { WorkspaceRootKeys } from "../formats/roster.ts"
import { formatRecoveryKit, parseRecoveryKit } from "../formats/text-keys.ts"
import { wipe } from "../primitives/bytes.ts"
import { type SigningKey, signingKeyFromSeed } from "../primitives/ed25519.ts"
import { xWingPublicKey } from "../primitives/hpke-x-wing.ts"
import { KeyBytes } from "../primitives/key-bytes.ts"
import type { RandomSource } from "../primitives/random.ts"

/** The root's private half, held only while a workspace is created or recovered. */
export class WorkspaceRoot {
  readonly workspaceId: WorkspaceId
  readonly publicKeys: WorkspaceRootKeys
  readonly signingKey: SigningKey
  readonly #root: KeyBytes

  private constructor(root: Uint8Array, signingKey: SigningKey, publicKeys: WorkspaceRootKeys) {
    this.#root = new KeyBytes(root)
    this.signingKey = signingKey
    this.publicKeys = publicKeys
    this.workspaceId = workspaceIdOf(publicKeys.signPk, publicKeys.kemPk)
  }

  static create(random: RandomSource): Promise<WorkspaceRoot> {
    return WorkspaceRoot.#from(random(32))
  }

  /** Rejects with `invalid_key_text` for a mistyped kit. */
  static async fromRecoveryKit(kit: string): Promise<WorkspaceRoot> {
    return WorkspaceRoot.#from(parseRecoveryKit(kit))
  }

  static async #from(root: Uint8Array): Promise<WorkspaceRoot> {
    const signSeed = derive(root, "workspace/sign", 32)
    const kemKey = derive(root, "workspace/kem", 32)
    const signingKey = signingKeyFromSeed(signSeed)
    const kemPk = await xWingPublicKey(kemKey)
    wipe(signSeed, kemKey)
    return new WorkspaceRoot(root, signingKey, { signPk: signingKey.publicKey, kemPk })
  }

  /** The text for the safe: `hkrk_…`. */
  recoveryKit(): string {
    return formatRecoveryKit(this.#root.expose())
  }

  /** The X-Wing private key, 32 bytes, for opening recovery grants. The caller wipes it. */
  kemPrivateKey(): Uint8Array {
    return derive(this.#root.expose(), "workspace/kem", 32)
  }

  destroy(): void {
    this.#root.destroy()
  }
}
