/**
 * The next roster with what must be signed again under it (S4). A signer counts only while the newest roster lists it, so a
 * roster that would leave a key set with another signer is refused: every client would refuse that key set.
 */
import { HalfkeyError } from "@halfkey/core/formats/errors"
import { isKeysetId, type KeysetId } from "@halfkey/core/formats/ids"
import type { Manifest } from "@halfkey/core/formats/manifest"
import { type Roster, rosterFormat, rosterLinkProblem, signerKey } from "@halfkey/core/formats/roster"
import { equalBytes } from "@halfkey/core/primitives/hash"
import type { KeysetChange } from "@halfkey/core/wire/keysets"
import type { RosterChange } from "@halfkey/core/wire/workspace"
import type { ClientRow, DocumentRow } from "../../domain/rows.ts"
import type { Store } from "../../domain/store.ts"
import type { KeysetInput } from "../../domain/store-inputs.ts"
import type { WorkspaceState } from "../auth/workspace-state.ts"
import { type KeysetChanges, newestManifest, newestRoster, rootKeys, type Surroundings } from "./keyset-changes.ts"
import { readManifest, refused } from "./keyset-checks.ts"
import { requireSameState } from "./keyset-states.ts"

export interface CheckedRosterChange {
  readonly roster: Roster
  readonly row: DocumentRow
  readonly keysets: readonly {
    readonly previous: Manifest
    readonly manifest: Manifest
    readonly input: KeysetInput
  }[]
}

/** The newest key that signs this server's checkpoints; a roster may keep the one that it names until a granter updates it. */
export interface AuditKey {
  /** 32 bytes. */
  readonly auditKey: Uint8Array
}

export class RosterChanges {
  readonly #store: Store
  readonly #changes: KeysetChanges
  readonly #keys: AuditKey

  constructor(store: Store, changes: KeysetChanges, keys: AuditKey) {
    this.#store = store
    this.#changes = changes
    this.#keys = keys
  }

  /**
   * Checks a whole change against the workspace as it is; `extra` is a client that the same request registers. Throws
   * `invalid_document` naming the check, `revision_conflict`, `keyset_not_found`.
   */
  async check(workspace: WorkspaceState, change: RosterChange, extra?: ClientRow): Promise<CheckedRosterChange> {
    const roster = rosterFormat.parse(change.roster)
    await this.#checkRoster(workspace, roster, extra)
    if (change.restored !== true) await this.#checkAuditKey(workspace, roster)
    const surroundings: Surroundings = {
      root: rootKeys(workspace),
      roster,
      client: async (id) => (id === extra?.id ? extra : workspace.client(id)),
    }
    const keysets = new Map<KeysetId, CheckedRosterChange["keysets"][number]>()
    for (const each of change.keysets) {
      const { keysetId } = readManifest(each)
      if (keysets.has(keysetId)) throw refused("manifest", "the same key set is changed twice")
      const checked = await this.#checkKeyset(workspace, keysetId, each, surroundings)
      // An accepted restore says again what the state was: with the roster, where only together they are good (S10).
      if (checked.manifest.incarnation === checked.previous.incarnation) {
        requireSameState(checked.previous, checked.manifest)
      }
      keysets.set(keysetId, checked)
    }
    for (const { id, name } of await this.#store.keysets(workspace.row.id)) {
      const newest = keysets.get(id)?.manifest ?? (await newestManifest(this.#store, id))
      if (signerKey(newest.signerId, surroundings.root, roster) !== undefined) continue
      throw refused("signer", `${name} would be left with a signer who is not in the roster: sign it again as well`)
    }
    const row = {
      number: roster.seq,
      json: JSON.stringify(rosterFormat.toJson(roster)),
      hash: rosterFormat.hash(roster),
    }
    return { roster, row, keysets: [...keysets.values()] }
  }

  async #checkRoster(workspace: WorkspaceState, roster: Roster, extra: ClientRow | undefined): Promise<void> {
    if (roster.workspaceId !== workspace.row.id) throw refused("roster", "it belongs to another workspace")
    const previous = await newestRoster(workspace)
    if (roster.seq !== previous.seq + 1) {
      throw new HalfkeyError("revision_conflict", `the roster is at ${previous.seq}, got ${roster.seq}`, {
        hint: "read the roster again and repeat the change on the newest",
        facts: { seq: previous.seq },
      })
    }
    const problem = rosterLinkProblem(workspace.row.id, rootKeys(workspace), previous, roster)
    if (problem !== undefined) throw refused("roster", problem)
    if (roster.granters.length === 0) throw refused("granters", "nobody but the recovery kit could sign any more")
    for (const { clientId } of roster.granters) {
      const client = clientId === extra?.id ? extra : await workspace.client(clientId)
      if (client === undefined) throw refused("granters", `the client ${clientId} is not registered`)
      if (client.revokedAt !== null) throw refused("granters", `the client ${clientId} is revoked`)
    }
  }

  /** One that a restore has lost signs nothing any more; only a granter can say which one does, by the roster after it. */
  async #checkAuditKey(workspace: WorkspaceState, roster: Roster): Promise<void> {
    const previous = await newestRoster(workspace)
    if (equalBytes(roster.auditKey, previous.auditKey) || equalBytes(roster.auditKey, this.#keys.auditKey)) return
    throw refused("audit key", "the roster names another audit key than this server's")
  }

  async #checkKeyset(workspace: WorkspaceState, id: string, change: KeysetChange, surroundings: Surroundings) {
    const keyset = isKeysetId(id) ? await workspace.keyset(id) : undefined
    if (keyset === undefined) throw new HalfkeyError("keyset_not_found", `there is no key set ${id}`)
    return this.#changes.update(keyset.row, change, surroundings)
  }
}
