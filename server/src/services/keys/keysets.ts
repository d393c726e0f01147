/** Key sets (S4, S5): list, read, create, change. What is kept was signed by somebody who may. */
import { HalfkeyError } from "@halfkey/core/formats/errors"
import type { Manifest, MemberMode } from "@halfkey/core/formats/manifest"
import { fromBase64Url } from "@halfkey/core/primitives/bytes"
import type { KeysetBundle, KeysetChange, KeysetList, KeysetSummary, SelfWraps } from "@halfkey/core/wire/keysets"
import type { Answer, Caller } from "../../domain/caller.ts"
import type { KeysetRow } from "../../domain/rows.ts"
import type { Store } from "../../domain/store.ts"
import type { Access } from "../auth/access.ts"
import type { Gate } from "../auth/gate.ts"
import { timeText } from "../time-text.ts"
import { type BundleOptions, keysetBundle } from "./bundle.ts"
import { usableKeyset, visibleKeyset, visibleKeysets } from "./keyset-access.ts"
import { type KeysetChanges, surroundingsOf } from "./keyset-changes.ts"
import { readManifest, refused } from "./keyset-checks.ts"

export interface KeysetsParts {
  readonly gate: Gate
  readonly store: Store
  readonly changes: KeysetChanges
  /** Called when one was destroyed: its time may be over soon. */
  readonly onDestroyed: () => void
}

export class Keysets {
  readonly #parts: KeysetsParts

  constructor(parts: KeysetsParts) {
    this.#parts = parts
  }

  list(caller: Caller): Promise<Answer<KeysetList>> {
    const { gate, store } = this.#parts
    return gate.decide(caller, "keyset.list", async (access) => {
      const visible = await visibleKeysets(access, store)
      await gate.append(access)
      return { keysets: visible.map(({ keyset, mode }) => summary(keyset, mode)) }
    })
  }

  read(caller: Caller, ref: string, options: BundleOptions): Promise<Answer<KeysetBundle>> {
    const { gate, store } = this.#parts
    return gate.decide(caller, "keyset.read", async (access) => {
      const { keyset } = await visibleKeyset(access, store, ref)
      const bundle = await keysetBundle(access, store, keyset, options)
      await gate.append(access)
      return bundle
    })
  }

  create(caller: Caller, change: KeysetChange): Promise<Answer<KeysetSummary>> {
    const { gate, store, changes } = this.#parts
    return gate.decide(caller, "keyset.create", async (access) => {
      const manifest = readManifest(change)
      noteManifest(access, manifest)
      // One that is made again after a restore raises the audit log's incarnation too (S10).
      if (manifest.incarnation > 1) access.requireClient()
      const input = await changes.create(change, await surroundingsOf(access.workspace))
      await store.createKeyset(access.guard(), input)
      return summary({ ...input.keyset, memberCount: input.members.length }, ownMode(access, input.members))
    })
  }

  update(caller: Caller, ref: string, change: KeysetChange): Promise<Answer<KeysetSummary>> {
    const { gate, store, changes, onDestroyed } = this.#parts
    return gate.decide(caller, "keyset.update", async (access) => {
      const { keyset } = await visibleKeyset(access, store, ref)
      const manifest = readManifest(change)
      if (manifest.keysetId !== keyset.row.id) throw refused("manifest", "it belongs to another key set")
      noteManifest(access, manifest)
      const { previous, input } = await changes.update(keyset.row, change, await surroundingsOf(access.workspace))
      requireFor(access, previous, manifest)
      if (manifest.state !== previous.state) access.details.subject = `revision ${manifest.revision}, ${manifest.state}`
      await store.updateKeyset(access.guard(), input)
      if (manifest.state === "destroyed") onDestroyed()
      return summary({ ...input.keyset, memberCount: input.members.length }, ownMode(access, input.members))
    })
  }

  /** The caller's own halves, wrapped by itself for quicker starts (S4). */
  saveSelfWraps(caller: Caller, ref: string, { selfWraps }: SelfWraps): Promise<Answer<undefined>> {
    const { gate, store } = this.#parts
    return gate.decide(caller, "keyset.self-wrap", async (access) => {
      const keyset = await usableKeyset(access, store, ref, "any")
      const decoded = selfWraps.map(({ epoch, selfWrap: text }) => {
        const selfWrap = fromBase64Url(text)
        if (selfWrap === undefined) throw new HalfkeyError("invalid_request", "a selfWrap is not canonical base64url")
        return { epoch, selfWrap }
      })
      const clientId = access.requireClient()
      await store.saveSelfWraps(access.guard(), { keysetId: keyset.row.id, clientId, selfWraps: decoded })
      return undefined
    })
  }
}

/** What a change of this kind needs beyond `keyset:update`: it says who gets in, or takes something away. */
export function requireFor(access: Access, previous: Manifest, next: Manifest): void {
  const modes = (manifest: Manifest) => new Map(manifest.members.map((member) => [member.clientId, member.mode]))
  const [before, after] = [modes(previous), modes(next)]
  const membersChange = before.size !== after.size || [...after].some(([id, mode]) => before.get(id) !== mode)
  if (membersChange) access.requireAny(["grant:update"])
  const removes = [...before.keys()].some((id) => !after.has(id))
  // Enabling too: it gives back what a granter took away.
  const turns = next.state !== previous.state
  // Its authority key is destroyed, and with it whatever fields were sealed under it.
  const live = new Set(next.epochs.map(({ epoch }) => epoch))
  const destroys = previous.epochs.some(({ epoch }) => !live.has(epoch))
  // An accepted restore: clients give up what they remember.
  const restores = next.incarnation > previous.incarnation
  if (removes || turns || destroys || restores) access.requireClient()
}

function noteManifest(access: Access, manifest: Manifest): void {
  access.details.keysetId = manifest.keysetId
  access.details.environment = manifest.name
  access.details.subject = `revision ${manifest.revision}`
}

function ownMode(access: Access, members: readonly { readonly clientId: string; readonly mode: MemberMode }[]) {
  return members.find(({ clientId }) => clientId === access.client?.id)?.mode
}

function summary(keyset: KeysetRow, mode: MemberMode | undefined): KeysetSummary {
  const { id, name, kind, state, revision, memberCount, createdAt, updatedAt, undoUntil, purgedAt } = keyset
  return {
    keysetId: id,
    name,
    kind,
    state,
    revision,
    memberCount,
    mode: mode ?? null,
    createdAt: timeText(createdAt),
    updatedAt: timeText(updatedAt),
    undoUntil: undoUntil === null ? null : timeText(undoUntil),
    purgedAt: purgedAt === null ? null : timeText(purgedAt),
  }
}
