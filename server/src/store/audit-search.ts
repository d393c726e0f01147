/**
 * Finding audit entries (S12). Full blocks of 256 entries have an index: for each term that occurs, a bit for each entry.
 * What is not in a block yet is looked at entry by entry. A question does a bounded amount of work, then says where to go on.
 */
import { setImmediate as otherWork } from "node:timers/promises"
import type { WorkspaceId } from "@halfkey/core/formats/ids"
import type { AuditFilter, AuditPage, FoundEntries, StoredEntry } from "../domain/audit/audit-store.ts"
import { tileWidth } from "../domain/audit/tiles.ts"
import * as queries from "./audit-queries.ts"
import { fits, readIndexed, termsOfFilter } from "./audit-terms.ts"
import type { Reader } from "./query.ts"

/** Blocks whose index is looked at in one go, before other requests have their turn. */
const blocksAtOnce = 256
/** Entries that are read in one go. */
const rowsAtOnce = 64
/** After so many entries that did not fit, or so many bytes of such that did, an answer ends. */
const entriesLookedAt = 10_000
const blocksLookedAt = 50_000
const bytesPerAnswer = 4 * 1024 * 1024

interface EntryRow {
  readonly seq: number
  readonly time: number
  readonly entry: Uint8Array
}

/** Entries `from` to before `to`, and those of them that are worth reading; `undefined`: all. */
interface Stretch {
  readonly from: number
  readonly to: number
  readonly places?: Uint8Array | undefined
}

export class AuditSearch {
  readonly #reader: Reader
  readonly #workspaceId: WorkspaceId
  readonly #filter: AuditFilter
  readonly #page: AuditPage
  readonly #terms: readonly string[]
  readonly #found: StoredEntry[] = []
  #bytes = 0
  #entriesLookedAt = 0
  #blocksLookedAt = 0
  /** The last entry that was looked at, or known not to fit. */
  #last: number | undefined

  constructor(reader: Reader, workspaceId: WorkspaceId, filter: AuditFilter, page: AuditPage) {
    this.#reader = reader
    this.#workspaceId = workspaceId
    this.#filter = filter
    this.#page = page
    this.#terms = termsOfFilter(filter)
  }

  async run(): Promise<FoundEntries> {
    const { after, order } = this.#page
    const of = { workspaceId: this.#workspaceId }
    const size = ((await this.#reader.first(queries.lastSeq, of))?.seq ?? -1) + 1
    const blocks = ((await this.#reader.first(queries.lastBlock, of))?.number ?? -1) + 1
    const archives = await this.#reader.all(queries.archives, of)
    const begin = (archives.at(-1)?.last ?? -1) + 1
    const from = order === "asc" ? Math.max(begin, after === undefined ? 0 : after + 1) : begin
    const to = order === "asc" ? size : Math.min(size, after ?? size)
    let isDone = true
    for await (const stretch of this.#stretches(from, to, blocks)) {
      isDone = await this.#look(stretch)
      if (!isDone) break
    }
    isDone &&= this.#blocksLookedAt < blocksLookedAt
    const isPassed = order === "asc" ? (after ?? -1) + 1 < begin : isDone && to > 0
    return {
      entries: this.#found,
      next: isDone ? undefined : this.#last,
      archived: isPassed ? archives : [],
    }
  }

  /** In the order asked for; what the index rules out is left out. */
  async *#stretches(from: number, to: number, blocks: number): AsyncGenerator<Stretch> {
    const tail = { from: Math.max(from, blocks * tileWidth), to }
    const indexed = { from, to: Math.min(to, blocks * tileWidth) }
    if (this.#page.order === "desc" && tail.from < tail.to) yield tail
    if (indexed.from < indexed.to) yield* this.#indexed(indexed.from, indexed.to)
    if (this.#blocksLookedAt >= blocksLookedAt) return
    if (this.#page.order === "asc" && tail.from < tail.to) yield tail
  }

  async *#indexed(from: number, to: number): AsyncGenerator<Stretch> {
    const isUp = this.#page.order === "asc"
    let [first, end] = [Math.floor(from / tileWidth), Math.ceil(to / tileWidth)]
    const { since = Number.MIN_SAFE_INTEGER, until = Number.MAX_SAFE_INTEGER } = this.#filter
    while (first < end && this.#blocksLookedAt < blocksLookedAt) {
      const range = { workspaceId: this.#workspaceId, from: first, to: end, since, until, limit: blocksAtOnce }
      const rows = await this.#reader.all(isUp ? queries.firstBlocks : queries.lastBlocks, range)
      const numbers = rows.map(({ number }) => number)
      const [nearest, farthest] = [numbers[0], numbers.at(-1)]
      if (nearest === undefined || farthest === undefined) return
      const places = await this.#places(Math.min(nearest, farthest), Math.max(nearest, farthest) + 1)
      for (const number of numbers) {
        const stretch = { from: Math.max(from, number * tileWidth), to: Math.min(to, (number + 1) * tileWidth) }
        const within = places?.get(number)
        if (places === undefined) yield stretch
        else if (within !== undefined) yield { ...stretch, places: within }
        this.#last = isUp ? stretch.to - 1 : stretch.from
      }
      this.#blocksLookedAt += numbers.length
      if (isUp) first = farthest + 1
      else end = farthest
      await otherWork()
    }
  }

  /** By block, the entries that have all terms; `undefined` when there is none to look for. */
  async #places(from: number, to: number): Promise<Map<number, Uint8Array> | undefined> {
    let found: Map<number, Uint8Array> | undefined
    for (const term of this.#terms) {
      const rows = await this.#reader.all(queries.places, { workspaceId: this.#workspaceId, term, from, to })
      const both = new Map<number, Uint8Array>()
      for (const { block, places } of rows) {
        const before = found?.get(block)
        if (found !== undefined && before === undefined) continue
        const common = before === undefined ? places : places.map((byte, index) => byte & (before[index] ?? 0))
        if (common.some((byte) => byte !== 0)) both.set(block, common)
      }
      found = both
      if (found.size === 0) break
    }
    return found
  }

  /** Collects what fits. `false` when the answer is full, or enough was looked at. */
  async #look({ from, to, places }: Stretch): Promise<boolean> {
    const isUp = this.#page.order === "asc"
    let [first, end] = [from, to]
    while (first < end) {
      const rows = places === undefined ? await this.#next(first, end) : await this.#marked(from, to, places)
      for (const row of rows) if (!this.#take(row)) return false
      const [last] = rows.slice(-1)
      if (places !== undefined || last === undefined) break
      if (isUp) first = last.seq + 1
      else end = last.seq
      await otherWork()
    }
    return true
  }

  #next(from: number, to: number): Promise<EntryRow[]> {
    const range = { workspaceId: this.#workspaceId, from, to, limit: rowsAtOnce }
    return this.#reader.all(this.#page.order === "asc" ? queries.firstEntries : queries.lastEntries, range)
  }

  async #marked(from: number, to: number, places: Uint8Array): Promise<EntryRow[]> {
    const rows: EntryRow[] = []
    const block = from - (from % tileWidth)
    for (let seq = from; seq < to; seq++) {
      const place = seq - block
      if ((((places[place >> 3] ?? 0) >> (place & 7)) & 1) === 0) continue
      const range = { workspaceId: this.#workspaceId, from: seq, to: seq + 1, limit: 1 }
      rows.push(...(await this.#reader.all(queries.firstEntries, range)))
    }
    return this.#page.order === "asc" ? rows : rows.reverse()
  }

  #take({ seq, time, entry }: EntryRow): boolean {
    const { since = time, until = time + 1 } = this.#filter
    const isIn = time >= since && time < until
    if (isIn && (this.#terms.length === 0 || fits(readIndexed(entry), this.#filter))) {
      const isFull = this.#found.length >= this.#page.limit
      if (isFull || (this.#found.length > 0 && this.#bytes + entry.length > bytesPerAnswer)) return false
      this.#found.push({ index: seq, bytes: entry })
      this.#bytes += entry.length
    } else if (++this.#entriesLookedAt > entriesLookedAt) return false
    this.#last = seq
    return true
  }
}
