/**
 * Blocks of audit entries that are filled while the entries are written, so that the sequencer need not read them again and
 * nothing of an entry has to be kept. Only logs that grow right now have one; what is missing is in the database.
 */
import type { WorkspaceId } from "@halfkey/core/formats/ids"
import { tileWidth } from "../domain/audit/tiles.ts"
import { BlockBuilder, type EntryRow } from "./block-builder.ts"

/** Some kilobytes for each. */
const logsMax = 64
/** A log that has not grown for so long gives its place to another one. */
const quietMs = 60_000
/** Full blocks of a log that nobody took: the sequencer is behind, and will read them. */
const blocksMax = 32

interface Log {
  usedAt: number
  readonly builders: BlockBuilder[]
}

/** Reads the entries from `from` to before `to`. */
type Read = (from: number, to: number) => Promise<readonly EntryRow[]>

export class LiveBlocks {
  readonly #logs = new Map<WorkspaceId, Log>()

  /** Takes entries that are on disk, ascending. Reads those between them that came another way. How many blocks are full. */
  async add(workspaceId: WorkspaceId, rows: readonly EntryRow[], now: number, read: Read): Promise<number> {
    const [first] = rows
    const log = this.#logs.get(workspaceId) ?? (first && this.#begin(workspaceId, first.seq, now))
    if (log === undefined) return 0
    log.usedAt = now
    try {
      for (const row of rows) await this.#addRow(log.builders, row, read)
    } catch (error) {
      // The sequencer comes to the same place, and says what is wrong there.
      this.#logs.delete(workspaceId)
      throw error
    }
    const full = log.builders.length - 1
    if (full > blocksMax) this.#logs.delete(workspaceId)
    return full > blocksMax ? 0 : full
  }

  /** The block of this number, when it is here and full. */
  take(workspaceId: WorkspaceId, number: number): BlockBuilder | undefined {
    const builders = this.#logs.get(workspaceId)?.builders
    if (builders === undefined) return undefined
    while (builders.length > 1 && (builders[0]?.number ?? number) < number) builders.shift()
    const [first] = builders
    return first?.number === number && first.nextSeq === undefined ? builders.shift() : undefined
  }

  #begin(workspaceId: WorkspaceId, seq: number, now: number): Log | undefined {
    if (this.#logs.size >= logsMax) {
      for (const [id, { usedAt }] of this.#logs) if (usedAt < now - quietMs) this.#logs.delete(id)
      if (this.#logs.size >= logsMax) return undefined
    }
    const log = { usedAt: now, builders: [new BlockBuilder(workspaceId, Math.floor(seq / tileWidth))] }
    this.#logs.set(workspaceId, log)
    return log
  }

  async #addRow(builders: BlockBuilder[], row: EntryRow, read: Read): Promise<void> {
    let last = builders.at(-1) as BlockBuilder
    const next = last.nextSeq ?? row.seq
    // What an operation wrote in between, or what was there before this log was followed.
    if (next < row.seq) for (const missing of await read(next, row.seq)) last = this.#push(builders, last, missing)
    if (row.seq >= next) this.#push(builders, last, row)
  }

  #push(builders: BlockBuilder[], last: BlockBuilder, row: EntryRow): BlockBuilder {
    last.add(row)
    if (last.nextSeq !== undefined) return last
    const next = new BlockBuilder(last.workspaceId, last.number + 1)
    builders.push(next)
    return next
  }
}
