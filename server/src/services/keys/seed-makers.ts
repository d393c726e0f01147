/** Authority keys in use (S6): unwrapped once, held as prepared HMAC keys, forgotten with the state they belong to. */
import { HalfkeyError } from "@halfkey/core/formats/errors"
import { SeedMaker } from "@halfkey/core/key-service/authority-key"
import type { RootKey } from "@halfkey/core/key-service/root-key"
import { wipe } from "@halfkey/core/primitives/bytes"
import type { StateReader } from "../../domain/store.ts"
import type { KeysetState } from "../auth/workspace-state.ts"

export class SeedMakers {
  readonly #store: StateReader
  readonly #rootKey: RootKey

  constructor(store: StateReader, rootKey: RootKey) {
    this.#store = store
    this.#rootKey = rootKey
  }

  /** For a live epoch of a key set that the caller may use. Throws `epoch_changed` for any other epoch. */
  async get(keyset: KeysetState, epoch: number): Promise<SeedMaker> {
    const known = keyset.seedMakers.get(epoch)
    if (known !== undefined) return known
    const { id: keysetId, workspaceId } = keyset.row
    const row = await this.#store.authorityKey(keysetId, epoch)
    if (row === undefined) {
      throw new HalfkeyError("epoch_changed", `epoch ${epoch} of this key set is not live`, {
        hint: "read the key set again and use an epoch that its manifest lists",
        facts: { epoch },
      })
    }
    const authorityKey = this.#rootKey.unwrap({ kind: "authority-key", workspaceId, keysetId, epoch }, row.wrapped)
    const maker = new SeedMaker(authorityKey, workspaceId, keysetId, epoch)
    wipe(authorityKey)
    keyset.seedMakers.set(epoch, maker)
    return maker
  }
}
