/** From a change as it was sent to what the store keeps: checks it against the current state, makes authority keys. */
import type { ClientId, KeysetId, WorkspaceId } from "@halfkey/core/formats/ids"
import { type Manifest, manifestFormat } from "@halfkey/core/formats/manifest"
import { type Roster, rosterFormat, type WorkspaceRootKeys } from "@halfkey/core/formats/roster"
import { newAuthorityKey } from "@halfkey/core/key-service/authority-key"
import type { RootKey } from "@halfkey/core/key-service/root-key"
import { wipe } from "@halfkey/core/primitives/bytes"
import type { RandomSource } from "@halfkey/core/primitives/random"
import type { KeysetChange } from "@halfkey/core/wire/keysets"
import type { AuthorityKeyRow, ClientRow, KeysetRow } from "../../domain/rows.ts"
import type { Store } from "../../domain/store.ts"
import type { KeysetInput } from "../../domain/store-inputs.ts"
import type { WorkspaceState } from "../auth/workspace-state.ts"
import { type ChangeContext, type CheckedChange, checkChange, refused, sealingEpoch } from "./keyset-checks.ts"
import { checkFirstState, checkNextState, undoUntilOf } from "./keyset-states.ts"

export interface KeysetChangesParts {
  readonly store: Store
  readonly rootKey: RootKey
  readonly now: () => number
  readonly random: RandomSource
  /** How long a destroyed key set can be undone, in milliseconds. */
  readonly destroyAfterMs: number
}

/** What a manifest is checked against besides its own chain. */
export type Surroundings = Pick<ChangeContext, "root" | "roster" | "client">

export class KeysetChanges {
  readonly #parts: KeysetChangesParts

  constructor(parts: KeysetChangesParts) {
    this.#parts = parts
  }

  /** A new key set, with a fresh authority key. Throws `invalid_document`. */
  async create(change: KeysetChange, surroundings: Surroundings): Promise<KeysetInput> {
    const { keysetId } = manifestFormat.parse(change.manifest)
    const now = this.#parts.now()
    const none = { previous: undefined, isPurged: false, storedGrants: [], storedRecoveryGrants: [] }
    const checked = await checkChange(keysetId, change, { ...surroundings, ...none })
    checkFirstState(checked.manifest)
    return this.#input(checked, { createdAt: now, undoUntil: null, purgedAt: null })
  }

  /** The next revision of this key set. Throws `invalid_document`, `revision_conflict`, `keyset_disabled`. */
  async update(keyset: KeysetRow, change: KeysetChange, surroundings: Surroundings) {
    const { destroyAfterMs, store } = this.#parts
    const now = this.#parts.now()
    const previous = await newestManifest(store, keyset.id)
    const checked = await checkChange(keyset.id, change, {
      ...surroundings,
      previous,
      isPurged: keyset.purgedAt !== null,
      storedGrants: await store.grants(keyset.id),
      storedRecoveryGrants: await store.recoveryGrants(keyset.id),
    })
    checkNextState(checked.manifest, previous, keyset, now)
    for (const epoch of checked.removedEpochs) {
      if (await store.usesEpoch(keyset.id, epoch)) throw refused("epochs", `records are still sealed under ${epoch}`)
    }
    const { createdAt, purgedAt } = keyset
    const undoUntil = undoUntilOf(checked.manifest, keyset, now, destroyAfterMs)
    const input = this.#input(checked, { createdAt, undoUntil, purgedAt })
    return { previous, manifest: checked.manifest, input }
  }

  #input(
    { manifest, hash, grants, recoveryGrants, newEpochs }: CheckedChange,
    times: Pick<KeysetRow, "createdAt" | "undoUntil" | "purgedAt">,
  ): KeysetInput {
    const { keysetId, workspaceId } = manifest
    return {
      keyset: {
        id: keysetId,
        workspaceId,
        name: manifest.name,
        kind: manifest.kind,
        state: manifest.state,
        revision: manifest.revision,
        epoch: sealingEpoch(manifest),
        versionFloor: manifest.versionFloor,
        ...times,
        updatedAt: this.#parts.now(),
      },
      manifest: { number: manifest.revision, json: JSON.stringify(manifestFormat.toJson(manifest)), hash },
      incarnation: manifest.incarnation,
      liveEpochs: manifest.epochs.map(({ epoch }) => epoch),
      members: manifest.members.map(({ clientId, mode }) => ({ keysetId, clientId, mode })),
      grants: grants.map((grant) => ({ ...grant, selfWrap: grant.selfWrap ?? null })),
      recoveryGrants,
      authorityKeys: newEpochs.map((epoch) => this.#newAuthorityKey(workspaceId, keysetId, epoch)),
    }
  }

  #newAuthorityKey(workspaceId: WorkspaceId, keysetId: KeysetId, epoch: number): AuthorityKeyRow {
    const { rootKey, random } = this.#parts
    const authorityKey = newAuthorityKey(random)
    const wrapped = rootKey.wrap({ kind: "authority-key", workspaceId, keysetId, epoch }, authorityKey, random)
    wipe(authorityKey)
    return { keysetId, epoch, wrapped }
  }
}

export async function newestManifest(store: Store, keysetId: KeysetId): Promise<Manifest> {
  const [row] = await store.manifests(keysetId)
  if (row === undefined) throw new Error("a key set without a manifest")
  return manifestFormat.parse(JSON.parse(row.json))
}

export async function newestRoster(workspace: WorkspaceState): Promise<Roster> {
  const row = (await workspace.rosters()).at(-1)
  if (row === undefined) throw new Error("a workspace without a roster")
  return rosterFormat.parse(JSON.parse(row.json))
}

export function rootKeys(workspace: WorkspaceState): WorkspaceRootKeys {
  return { signPk: workspace.row.rootSignPk, kemPk: workspace.row.rootKemPk }
}

/** The surroundings of a change in an existing workspace; `extra` is a client that the same request registers. */
export async function surroundingsOf(workspace: WorkspaceState, extra?: ClientRow): Promise<Surroundings> {
  return {
    root: rootKeys(workspace),
    roster: await newestRoster(workspace),
    client: async (id: ClientId) => (id === extra?.id ? extra : workspace.client(id)),
  }
}
