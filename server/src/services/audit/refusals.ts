/**
 * Refusals of callers whom nobody knows yet, or who do not get as far as a decision (S12): written, but not so often that
 * a flood fills the disk. The first few of a minute have an entry each; what follows is counted, and written as one entry for
 * each kind and address when the minute is over, and for each kind alone where there are many addresses.
 */
import type { AuditAction } from "@halfkey/core/formats/audit-entry"
import type { ApiKeyId, ClientId, WorkspaceId } from "@halfkey/core/formats/ids"
import type { Caller, Counters } from "../../domain/caller.ts"
import { StaleStateError, type Store } from "../../domain/store.ts"
import type { WorkspaceStates } from "../auth/workspace-state.ts"
import type { AuditEntries } from "./entries.ts"

const windowMs = 60_000
/** In each minute and workspace, and for each API key that was proved: entries of their own, addresses told apart. */
const singlesPerWindow = 10
const kindsPerWindow = 10
/** Workspaces with refusals in the same minute; whoever floods more of them is only counted. */
const windowsMax = 100
const attempts = 4

/** What stands for an address where there are too many to tell. */
const manyAddresses = "many"

export interface Refusal {
  readonly workspaceId: WorkspaceId
  readonly action: AuditAction
  /** Problem code. */
  readonly code: string
  /** Only where they are proved. */
  readonly apiKeyId?: ApiKeyId | undefined
  readonly clientId?: ClientId | undefined
  readonly subject?: string | undefined
}

export interface RefusalsParts {
  readonly store: Store
  readonly states: WorkspaceStates
  readonly entries: AuditEntries
  readonly counters: Counters
  readonly now: () => number
  /** Called when an entry could not be written: the refusal itself was answered. */
  readonly onFailure: (error: unknown) => void
}

/** Refusals that are not written yet. */
interface Kind {
  readonly refusal: Refusal
  readonly caller: Caller
  readonly since: number
  count: number
}

interface Window {
  readonly timer: NodeJS.Timeout
  readonly kinds: Map<string, Kind>
  singles: number
}

export class Refusals {
  readonly #parts: RefusalsParts
  /** By workspace, and by API key or client where one was proved: strangers cannot crowd out what those do. */
  readonly #windows = new Map<string, Window>()
  readonly #writing = new Set<Promise<void>>()

  constructor(parts: RefusalsParts) {
    this.#parts = parts
  }

  /** Resolves when the entry is on disk, or when the refusal was counted. Never throws. */
  async note(caller: Caller, refusal: Refusal): Promise<void> {
    try {
      // Anybody can name a workspace that there is not.
      if ((await this.#parts.states.get(refusal.workspaceId)) === undefined) return
    } catch (error) {
      return this.#parts.onFailure(error)
    }
    const window = this.#window(refusal)
    if (window === undefined) return
    if (window.singles < singlesPerWindow) {
      window.singles++
      return this.#write(caller, refusal, undefined)
    }
    const { action, code } = refusal
    const exact = [action, code, caller.address, refusal.apiKeyId, refusal.clientId].join(" ")
    const isKnown = window.kinds.has(exact) || window.kinds.size < kindsPerWindow
    const key = isKnown ? exact : [action, code].join(" ")
    const kind = window.kinds.get(key)
    if (kind !== undefined) kind.count++
    else {
      const { workspaceId } = refusal
      const general = {
        caller: { ...caller, address: manyAddresses, userAgent: undefined },
        refusal: { workspaceId, action, code },
      }
      const about = isKnown ? { caller, refusal } : general
      window.kinds.set(key, { ...about, since: this.#parts.now(), count: 1 })
    }
  }

  #window({ workspaceId, apiKeyId, clientId }: Refusal): Window | undefined {
    const who = apiKeyId ?? clientId
    const key = who === undefined ? workspaceId : `${workspaceId} ${who}`
    const known = this.#windows.get(key)
    if (known !== undefined || (who === undefined && this.#windows.size >= windowsMax)) return known
    const timer = setTimeout(() => void this.#end(key), windowMs)
    timer.unref()
    const window = { timer, kinds: new Map<string, Kind>(), singles: 0 }
    this.#windows.set(key, window)
    return window
  }

  async #end(key: string): Promise<void> {
    const window = this.#windows.get(key)
    this.#windows.delete(key)
    clearTimeout(window?.timer)
    const kinds = [...(window?.kinds.values() ?? [])]
    await Promise.all(kinds.map((kind) => this.#write(kind.caller, kind.refusal, kind)))
  }

  /** Writes what is counted so far. */
  async close(): Promise<void> {
    await Promise.all([...this.#windows.keys()].map((key) => this.#end(key)))
    await Promise.all(this.#writing)
  }

  #write(caller: Caller, refusal: Refusal, counted: Kind | undefined): Promise<void> {
    const writing = this.#append(caller, refusal, counted)
      .catch(this.#parts.onFailure)
      .finally(() => this.#writing.delete(writing))
    this.#writing.add(writing)
    return writing
  }

  async #append(caller: Caller, refusal: Refusal, counted: Kind | undefined): Promise<void> {
    const { counters, entries, states, store } = this.#parts
    const { subject, ...decision } = refusal
    const details = { subject, ...(counted !== undefined && { count: counted.count, since: counted.since }) }
    for (let attempt = 0; attempt < attempts; attempt++) {
      const workspace = await states.get(refusal.workspaceId)
      if (workspace === undefined) return
      const audit = entries.record(caller, { ...decision, details })
      try {
        await store.appendAudit({ generation: workspace.row.generation, audit })
        counters.auditEntry("denied")
        return
      } catch (error) {
        if (!(error instanceof StaleStateError)) throw error
        states.drop(workspace)
      }
    }
  }
}
