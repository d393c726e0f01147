/** A block of 256 audit entries on its way into the tree and the index: filled entry by entry, then written in parts. */

import type { WorkspaceId } from "@halfkey/core/formats/ids"
import { treeHashLength } from "@halfkey/core/formats/merkle-tree"
import { foldHashes, tileWidth } from "../domain/audit/tiles.ts"
import * as queries from "./audit-queries.ts"
import { comparableText, isAbout, readIndexed, type Subject, subjectOf, termsOf } from "./audit-terms.ts"
import type { Transaction } from "./query.ts"

/** An entry as its row has it. */
export interface EntryRow {
  readonly seq: number
  /** Milliseconds since 1970. */
  readonly time: number
  readonly entry: Uint8Array
  /** 32 bytes. */
  readonly leafHash: Uint8Array
}

/** Entries that differ only in their ids and times, and the terms that all of them have. */
interface Group {
  readonly places: Uint8Array
  readonly terms: readonly string[]
}

export class BlockBuilder {
  readonly number: number
  /** Whether `write` has nothing left to do. */
  isWritten = false
  readonly workspaceId: WorkspaceId
  readonly #hashes = new Uint8Array(tileWidth * treeHashLength)
  readonly #groups = new Map<string, Group>()
  #unwritten: [term: string, places: Uint8Array][] | undefined
  /** Of the entry before. */
  #last: { readonly subject: Subject; readonly group: Group } | undefined
  #count = 0
  #firstTime = Number.MAX_SAFE_INTEGER
  #lastTime = 0

  constructor(workspaceId: WorkspaceId, number: number) {
    this.workspaceId = workspaceId
    this.number = number
  }

  /** Number of the entry that is wanted next; `undefined` when all are there. */
  get nextSeq(): number | undefined {
    return this.#count === tileWidth ? undefined : this.number * tileWidth + this.#count
  }

  /** Takes the entry of the number that is next. Throws for another one: the log would have a gap. */
  add({ seq, time, entry, leafHash }: EntryRow): void {
    if (seq !== this.nextSeq) throw new GapError(`the audit entry ${this.nextSeq} is missing before ${seq}`)
    if (leafHash.length !== treeHashLength) throw new GapError(`the leaf hash of audit entry ${seq} is damaged`)
    const place = this.#count++
    this.#hashes.set(leafHash, place * treeHashLength)
    this.#firstTime = Math.min(this.#firstTime, time)
    this.#lastTime = Math.max(this.#lastTime, time)
    // Most entries of a busy log say the same as another one: those are not taken apart again.
    const group = this.#groupOf(entry, place)
    group.places[place >> 3] = (group.places[place >> 3] ?? 0) | (1 << (place & 7))
  }

  #groupOf(entry: Uint8Array, place: number): Group {
    const text = comparableText(entry)
    if (text !== undefined && this.#last !== undefined && isAbout(text, this.#last.subject)) return this.#last.group
    const subject = text === undefined ? undefined : subjectOf(text)
    const key = subject === undefined ? `${place}` : subject.before + subject.after
    let group = this.#groups.get(key)
    if (group === undefined) {
      group = { places: new Uint8Array(tileWidth / 8), terms: termsOf(readIndexed(entry)) }
      this.#groups.set(key, group)
    }
    if (subject !== undefined) this.#last = { subject, group }
    return group
  }

  #placesByTerm(): Map<string, Uint8Array> {
    const found = new Map<string, Uint8Array>()
    for (const { places, terms } of this.#groups.values()) {
      for (const term of terms) {
        const before = found.get(term)
        if (before === undefined) found.set(term, places.slice())
        else for (const [index, byte] of places.entries()) before[index] = (before[index] ?? 0) | byte
      }
    }
    return found
  }

  /** Writes up to about `limit` rows, the last of which makes the block count. How many it were. */
  async write(tx: Transaction, limit: number): Promise<number> {
    // Neighbours in the index together.
    this.#unwritten ??= [...this.#placesByTerm()].sort(([a], [b]) => (a < b ? 1 : -1))
    const part = this.#unwritten.splice(-limit)
    for (const [term, places] of part.reverse()) {
      await tx.run(queries.savePlaces, { workspace_id: this.workspaceId, term, block: this.number, places })
    }
    if (this.#unwritten.length > 0) return part.length
    await this.#writeTiles(tx)
    await tx.run(queries.insertBlock, {
      workspace_id: this.workspaceId,
      number: this.number,
      first_time: this.#firstTime,
      last_time: this.#lastTime,
    })
    this.isWritten = true
    return part.length + 1
  }

  /** The block's own tile, and its root in the tiles above, as far up as they become full. */
  async #writeTiles(tx: Transaction): Promise<void> {
    let [hashes, number] = [this.#hashes, this.number]
    await this.#save(tx, 0, number, hashes)
    for (let level = 1; hashes.length === tileWidth * treeHashLength; level++) {
      const root = foldHashes(hashes, 0, tileWidth)
      const place = number % tileWidth
      number = Math.floor(number / tileWidth)
      const key = { workspaceId: this.workspaceId, level, number }
      const before = place === 0 ? undefined : (await tx.first(queries.tile, key))?.hashes
      hashes = new Uint8Array((place + 1) * treeHashLength)
      if (before !== undefined) hashes.set(before.subarray(0, place * treeHashLength))
      hashes.set(root, place * treeHashLength)
      await this.#save(tx, level, number, hashes)
    }
  }

  async #save(tx: Transaction, level: number, number: number, hashes: Uint8Array): Promise<void> {
    await tx.run(queries.saveTile, { workspace_id: this.workspaceId, level, number, hashes })
  }
}

/** The log is not what was written: somebody else changed the database. */
export class GapError extends Error {
  override readonly name = "GapError"
}
