/**
 * What authorization knows of a workspace, kept in memory for one generation of it. Nothing here has to be invalidated
 * by hand: the store refuses every decision that was made on an older generation (`Guard`), and then the state is
 * dropped and read again. Reading parts later than the generation is safe for the same reason.
 */
import type { ApiKeyId, ClientId, KeysetId, WorkspaceId } from "@halfkey/core/formats/ids"
import { isKeysetId } from "@halfkey/core/formats/ids"
import { toBase64Url } from "@halfkey/core/primitives/bytes"
import type { ApiKeyRow, ClientRow, DocumentRow, KeysetRow, WorkspaceRow } from "../../domain/rows.ts"
import type { StateReader } from "../../domain/store.ts"
import { RecentMap } from "../recent-map.ts"

const workspacesKept = 1000
const partsKept = 5000

export class WorkspaceStates {
  readonly #store: StateReader
  readonly #states = new RecentMap<WorkspaceId, WorkspaceState>(workspacesKept)

  constructor(store: StateReader) {
    this.#store = store
  }

  async get(id: WorkspaceId): Promise<WorkspaceState | undefined> {
    const known = this.#states.get(id)
    if (known !== undefined) return known
    const row = await this.#store.workspace(id)
    if (row === undefined) return undefined
    const state = new WorkspaceState(row, this.#store)
    this.#states.set(id, state)
    return state
  }

  /** Forgets a state, unless a newer one has taken its place already. */
  drop(state: WorkspaceState): void {
    if (this.#states.get(state.row.id) === state) this.#states.delete(state.row.id)
  }
}

export class WorkspaceState {
  readonly row: WorkspaceRow
  readonly #store: StateReader
  readonly #parts = new RecentMap<string, { readonly value: unknown }>(partsKept)

  constructor(row: WorkspaceRow, store: StateReader) {
    this.row = row
    this.#store = store
  }

  async apiKey(id: ApiKeyId): Promise<ApiKeyRow | undefined> {
    const row = await this.part(`api-key ${id}`, () => this.#store.apiKey(id))
    return row?.workspaceId === this.row.id ? row : undefined
  }

  client(id: ClientId): Promise<ClientRow | undefined> {
    return this.part(`client ${id}`, () => this.#store.client(this.row.id, id))
  }

  /** By id or by name; a name never looks like an id. */
  keyset(ref: string): Promise<KeysetRow | undefined> {
    return this.part(`keyset ${ref}`, () =>
      isKeysetId(ref) ? this.#store.keysetById(this.row.id, ref) : this.#store.keysetByName(this.row.id, ref),
    )
  }

  mode(keysetId: KeysetId, clientId: ClientId) {
    return this.part(`mode ${keysetId} ${clientId}`, () => this.#store.mode(keysetId, clientId))
  }

  rosters(): Promise<readonly DocumentRow[]> {
    return this.part("rosters", () => this.#store.rosters(this.row.id))
  }

  /** Hashes of the newest roster and the newest manifest, as base64url: what a client holds that is up to date. */
  heads(keysetId: KeysetId): Promise<{ readonly rosterHash: string; readonly manifestHash: string }> {
    return this.part(`heads ${keysetId}`, async () => {
      const roster = (await this.rosters()).at(-1)
      const [manifest] = await this.#store.manifests(keysetId)
      if (roster === undefined || manifest === undefined) throw new Error("a workspace without documents")
      return { rosterHash: toBase64Url(roster.hash), manifestHash: toBase64Url(manifest.hash) }
    })
  }

  /** Keeps what was read for as long as this state lives. */
  async part<T>(key: string, read: () => Promise<T>): Promise<T> {
    const known = this.#parts.get(key)
    if (known !== undefined) return known.value as T
    const value = await read()
    // Absent things are not kept: asking for names that do not exist must not push out those that do.
    if (value !== undefined) this.#parts.set(key, { value })
    return value
  }
}
