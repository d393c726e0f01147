/**
 * What authorization knows of a workspace, kept in memory for one generation of it. Nothing here has to be invalidated
 * by hand: the store refuses every decision that was made on an older generation (`Guard`), and then the state is
 * dropped and read again. Reading parts later than the generation is safe for the same reason.
 */
import { type ApiKeyId, type ClientId, isKeysetId, type WorkspaceId } from "@halfkey/core/formats/ids"
import type { MemberMode } from "@halfkey/core/formats/manifest"
import type { SeedMaker } from "@halfkey/core/key-service/authority-key"
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

  /** Forgets what is in memory of a workspace, unwrapped keys with it. */
  forget(id: WorkspaceId): void {
    this.#states.delete(id)
  }

  forgetAll(): void {
    this.#states.clear()
  }

  /** The workspaces that are kept, with their generations. */
  kept(): Iterable<WorkspaceRow> {
    return new Map([...this.#states.values()].map(({ row }) => [row.id, row])).values()
  }

  /** Forgets a state, unless a newer one has taken its place already. */
  drop(state: WorkspaceState): void {
    if (this.#states.get(state.row.id) === state) this.#states.delete(state.row.id)
  }
}

export class WorkspaceState {
  readonly row: WorkspaceRow
  readonly #store: StateReader
  readonly #apiKeys = new RecentMap<ApiKeyId, ApiKeyRow>(partsKept)
  readonly #clients = new RecentMap<ClientId, ClientRow>(partsKept)
  readonly #keysets = new RecentMap<string, KeysetState>(partsKept)
  #rosters: readonly DocumentRow[] | undefined

  constructor(row: WorkspaceRow, store: StateReader) {
    this.row = row
    this.#store = store
  }

  async apiKey(id: ApiKeyId): Promise<ApiKeyRow | undefined> {
    const known = this.#apiKeys.get(id)
    if (known !== undefined) return known
    const row = await this.#store.apiKey(id)
    if (row?.workspaceId !== this.row.id) return undefined
    this.#apiKeys.set(id, row)
    return row
  }

  async client(id: ClientId): Promise<ClientRow | undefined> {
    const known = this.#clients.get(id)
    if (known !== undefined) return known
    const row = await this.#store.client(this.row.id, id)
    if (row !== undefined) this.#clients.set(id, row)
    return row
  }

  /** By id or by name; a name never looks like an id. Absent ones are not kept, so that nobody can fill the memory. */
  async keyset(ref: string): Promise<KeysetState | undefined> {
    const known = this.#keysets.get(ref)
    if (known !== undefined) return known
    const row = isKeysetId(ref)
      ? await this.#store.keysetById(this.row.id, ref)
      : await this.#store.keysetByName(this.row.id, ref)
    if (row === undefined) return undefined
    const state = this.#keysets.get(row.id) ?? new KeysetState(row, this, this.#store)
    this.#keysets.set(row.id, state)
    this.#keysets.set(row.name, state)
    return state
  }

  async rosters(): Promise<readonly DocumentRow[]> {
    this.#rosters ??= await this.#store.rosters(this.row.id)
    return this.#rosters
  }
}

/** Hashes of the newest roster and the newest manifest, as base64url: what a client holds that is up to date. */
export interface Heads {
  readonly rosterHash: string
  readonly manifestHash: string
}

export class KeysetState {
  readonly row: KeysetRow
  /** By live epoch; filled by `keys/seed-makers.ts`. */
  readonly seedMakers = new Map<number, SeedMaker>()
  readonly #workspace: WorkspaceState
  readonly #store: StateReader
  readonly #modes = new RecentMap<ClientId, MemberMode>(partsKept)
  #heads: Heads | undefined

  constructor(row: KeysetRow, workspace: WorkspaceState, store: StateReader) {
    this.row = row
    this.#workspace = workspace
    this.#store = store
  }

  /** `undefined`: not a member. */
  async mode(clientId: ClientId): Promise<MemberMode | undefined> {
    const known = this.#modes.get(clientId)
    if (known !== undefined) return known
    const mode = await this.#store.mode(this.row.id, clientId)
    if (mode !== undefined) this.#modes.set(clientId, mode)
    return mode
  }

  async heads(): Promise<Heads> {
    if (this.#heads !== undefined) return this.#heads
    const roster = (await this.#workspace.rosters()).at(-1)
    const [manifest] = await this.#store.manifests(this.row.id)
    if (roster === undefined || manifest === undefined) throw new Error("a workspace without documents")
    this.#heads = { rosterHash: toBase64Url(roster.hash), manifestHash: toBase64Url(manifest.hash) }
    return this.#heads
  }
}
