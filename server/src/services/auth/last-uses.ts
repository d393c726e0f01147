/**
 * When each API key and each client was last used. A request costs a map entry or two; once a minute the entries are
 * written in a few batches by the store's writer, and once more when the server stops. A crash loses the last minute of this.
 */
import type { ApiKeyId, ClientId, WorkspaceId } from "@halfkey/core/formats/ids"
import type { Store } from "../../domain/store.ts"

const savedEveryMs = 60_000
/** So that no batch keeps the writer from answering others. */
const usesPerBatch = 500

export class LastUses {
  readonly #store: Pick<Store, "lastUses" | "saveLastUses">
  readonly #onFailure: (error: unknown) => void
  /** Milliseconds since 1970; what is not written yet. */
  readonly #unsaved = new Map<ApiKeyId | ClientId, number>()
  #saving: Promise<void> | undefined
  #timer: NodeJS.Timeout | undefined

  /** `onFailure` is told why a write failed; what it was to hold is kept for the next one. */
  constructor(store: Pick<Store, "lastUses" | "saveLastUses">, onFailure: (error: unknown) => void) {
    this.#store = store
    this.#onFailure = onFailure
  }

  /** Notes a use by credentials that hold; `null`: a device, which has no API key. */
  note(apiKeyId: ApiKeyId | null, clientId: ClientId | undefined, at: number): void {
    if (apiKeyId !== null) this.#unsaved.set(apiKeyId, at)
    if (clientId !== undefined) this.#unsaved.set(clientId, at)
  }

  /** The last use of each key and client of a workspace, unwritten ones included. */
  async of(workspaceId: WorkspaceId): Promise<(id: ApiKeyId | ClientId) => number | null> {
    // What is written meanwhile must not fall between the two.
    const unsaved = new Map(this.#unsaved)
    const saved = new Map((await this.#store.lastUses(workspaceId)).map(({ id, at }) => [id, at]))
    return (id) => {
      const at = Math.max(unsaved.get(id) ?? 0, saved.get(id) ?? 0)
      return at === 0 ? null : at
    }
  }

  /** Begins to write once a minute. */
  start(): void {
    this.#timer = setInterval(() => void this.save(), savedEveryMs)
    this.#timer.unref()
  }

  /** Writes what is not written yet. Never rejects. */
  save(): Promise<void> {
    this.#saving ??= this.#write().finally(() => {
      this.#saving = undefined
    })
    return this.#saving
  }

  /** Ends the timer, and writes the rest. */
  async stop(): Promise<void> {
    clearInterval(this.#timer)
    await this.#saving
    await this.save()
  }

  async #write(): Promise<void> {
    const all = [...this.#unsaved].map(([id, at]) => ({ id, at }))
    try {
      for (let first = 0; first < all.length; first += usesPerBatch) {
        const batch = all.slice(first, first + usesPerBatch)
        await this.#store.saveLastUses(batch)
        for (const { id, at } of batch) if (this.#unsaved.get(id) === at) this.#unsaved.delete(id)
      }
    } catch (error) {
      this.#onFailure(error)
    }
  }
}
