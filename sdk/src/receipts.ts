/**
 * Receipts (S12): each answer carries the leaf hash of the entry that describes it. Who keeps the last ones can tell later
 * whether their entries are in the log. Memory first; a `ReceiptStore` keeps them between runs.
 */
import { fromBase64Url } from "@halfkey/core/primitives/bytes"
import type { Receipt, ReceiptStore } from "./stores.ts"

type ProblemWire = typeof import("@halfkey/core/wire/problem")
const receiptHeader: ProblemWire["receiptHeader"] = "halfkey-receipt"

/** How many of the last ones are kept in memory. */
const keptMax = 1000

export class Receipts {
  readonly #store: ReceiptStore | undefined
  readonly #now: () => number
  #kept: Receipt[] = []
  #unsaved: Receipt[] = []

  constructor(store: ReceiptStore | undefined, now: () => number) {
    this.#store = store
    this.#now = now
  }

  /** Takes the receipt of an answer, if it has one. */
  see(headers: Readonly<Record<string, string>>): void {
    const leafHash = headers[receiptHeader]
    if (leafHash === undefined || !isReceipt(leafHash)) return
    const receipt = { leafHash, time: this.#now() }
    if (this.#store !== undefined) this.#unsaved.push(receipt)
    else if (this.#kept.push(receipt) >= 2 * keptMax) this.#kept = this.#kept.slice(-keptMax)
  }

  /**
   * Gives the store what came since the last time. A receipt that cannot be kept is no reason to fail a call: it is a
   * witness less, no protection of the call itself.
   */
  async save(): Promise<void> {
    if (this.#store === undefined || this.#unsaved.length === 0) return
    const receipts = this.#unsaved
    this.#unsaved = []
    try {
      await this.#store.add(receipts)
    } catch {
      // A full or read-only disk.
    }
  }

  /** The last ones, oldest first. */
  async last(): Promise<readonly Receipt[]> {
    const kept = this.#store === undefined ? this.#kept : await this.#store.load()
    return kept.filter(({ leafHash }) => isReceipt(leafHash)).slice(-keptMax)
  }
}

function isReceipt(text: string): boolean {
  return text.length === 43 && fromBase64Url(text)?.length === 32
}
