/**
 * The one sequencer (S12): brings entries that are on disk into the tree and the index, and tells the heads to be signed.
 * Entries have their number since they were written, so nothing here decides about order, and all that it knows is in the
 * database: it may be ended at any moment. It does one small step at a time, so that batches have their turn between them.
 */
import type { WorkspaceId } from "@halfkey/core/formats/ids"
import type { AuditHead } from "../domain/audit/audit-store.ts"
import { TiledTree, tileWidth } from "../domain/audit/tiles.ts"
import { bucketsOf, runBlocks } from "./audit-leaves.ts"
import * as queries from "./audit-queries.ts"
import { BlockBuilder, type EntryRow, GapError } from "./block-builder.ts"
import { LiveBlocks } from "./live-blocks.ts"
import type { Transaction } from "./query.ts"
import { tileReader } from "./sql-audit-store.ts"

/** From the first new entry to the head that has it: whoever is alone does not wait long. */
const soonMs = 50
/** Between the beginnings of two rounds: heads come at least once a second, though a round itself takes time. */
const roundMs = 400
/** What a log that is behind may take of a round before it has a head for what is done. */
const backlogMs = 250
/** So many full blocks of one log are brought in before their round: as long as their entries need not be read again. */
const manyBlocks = 4
/** Blocks that are written in one transaction: their rows are neighbours. */
const blocksPerWrite = 8
/** A step's limits: entries, bytes of entries, rows of the index. */
const entriesPerStep = 128
const bytesPerStep = 128 * 1024
const rowsPerStep = 500
/** The connection that writes, as the sequencer uses it. */
export interface SequencerDatabase {
  readonly connection: Transaction
  /** Runs `body` in a transaction of its own. */
  together(body: () => Promise<void>): Promise<void>
  /** Whether the database failed, and not only what is in it is wrong. */
  isFailure(error: unknown): boolean
  isOutOfSpace(error: unknown): boolean
  /** Entries that are best read at once. */
  readonly rowsPerQuery: number
}

export interface SequencerParts {
  readonly database: SequencerDatabase
  /** Milliseconds. */
  readonly now: () => number
  readonly onHead: (head: AuditHead) => void
  /** The log of a workspace has a gap: it gets no more heads until the next start. */
  readonly onGap: (workspaceId: WorkspaceId, message: string) => void
}

/** The log that is being worked on. */
interface Current {
  readonly workspaceId: WorkspaceId
  readonly until: number
  readonly size: number
  readonly firstBlock: number
  blocks: number
  runs: number
  /** Blocks from `blocks` on; entries are still missing from the last one. */
  readonly builders: BlockBuilder[]
}

export class Sequencer {
  readonly #parts: SequencerParts
  readonly #connection: Transaction
  readonly #live = new LiveBlocks()
  readonly #grown = new Set<WorkspaceId>()
  readonly #broken = new Set<WorkspaceId>()
  #queue: WorkspaceId[] = []
  #current: Current | undefined
  #nextRound = Number.NEGATIVE_INFINITY
  #notedAt = 0
  #hasMany = false
  /** Whether it is time for heads in this round. */
  #hasHeads = true

  constructor(parts: SequencerParts) {
    this.#parts = parts
    this.#connection = parts.database.connection
  }

  /** Begins with all logs: some may have grown under a version that had no tree, or before a crash. */
  async begin(): Promise<void> {
    this.note((await this.#connection.all(queries.workspaceIds, {})).map(({ id }) => id))
  }

  /** These logs have grown. */
  note(workspaceIds: Iterable<WorkspaceId>): void {
    for (const id of workspaceIds) {
      if (this.#broken.has(id)) continue
      if (this.#grown.size === 0) this.#notedAt = this.#parts.now()
      this.#grown.add(id)
    }
  }

  /** This log has grown by these entries at least. */
  async noteEntries(workspaceId: WorkspaceId, rows: readonly EntryRow[]): Promise<void> {
    this.note([workspaceId])
    if (this.#broken.has(workspaceId)) return
    try {
      const read = (from: number, to: number) =>
        this.#connection.all(queries.firstEntries, { workspaceId, from, to, limit: to - from })
      if ((await this.#live.add(workspaceId, rows, this.#parts.now(), read)) >= manyBlocks) this.#hasMany = true
    } catch (error) {
      if (!(error instanceof GapError)) throw error
    }
  }

  /** Milliseconds until `step` has something to do; `undefined` while no log grows. */
  delay(): number | undefined {
    if (this.#current !== undefined || this.#queue.length > 0) return 0
    if (this.#grown.size === 0) return undefined
    if (this.#hasMany) return 0
    return Math.max(0, Math.max(this.#notedAt + soonMs, this.#nextRound) - this.#parts.now())
  }

  /** One small piece of work. Throws when nobody can know any more what is on disk. */
  async step(): Promise<void> {
    try {
      await this.#step()
    } catch (error) {
      const workspaceId = this.#current?.workspaceId
      this.#current = undefined
      if (workspaceId === undefined) throw error
      if (error instanceof GapError) {
        this.#broken.add(workspaceId)
        this.#parts.onGap(workspaceId, error.message)
      } else if (this.#parts.database.isOutOfSpace(error)) {
        // The entries themselves are there; the tree follows when there is room again.
        this.note([workspaceId])
        this.#nextRound = this.#parts.now() + 1000
      } else throw error
    }
  }

  async #step(): Promise<void> {
    this.#current ??= await this.#next()
    const current = this.#current
    if (current === undefined) return
    const { blocks, runs, size } = current
    if (runs < Math.floor(blocks / runBlocks)) return this.#writeRun(current)
    if (size < (blocks + 1) * tileWidth) return this.#finish(current, size)
    // At least some blocks, however many logs are behind.
    const hasWritten = current.builders.length === 0 && blocks > current.firstBlock
    if (!hasWritten || this.#parts.now() < current.until) return this.#extend(current)
    this.note([current.workspaceId])
    await this.#finish(current, blocks * tileWidth)
  }

  async #next(): Promise<Current | undefined> {
    const now = this.#parts.now()
    if (this.#queue.length === 0) {
      this.#queue = [...this.#grown]
      this.#grown.clear()
      this.#hasMany = false
      this.#hasHeads = now >= this.#nextRound
      if (this.#hasHeads) this.#nextRound = now + roundMs
    }
    const workspaceId = this.#queue.shift()
    if (workspaceId === undefined) return undefined
    const last = await this.#connection.first(queries.lastSeq, { workspaceId })
    const block = await this.#connection.first(queries.lastBlock, { workspaceId })
    const run = await this.#connection.first(queries.lastRun, { workspaceId })
    return {
      workspaceId,
      until: now + backlogMs / (this.#queue.length + 1),
      size: (last?.seq ?? -1) + 1,
      firstBlock: (block?.number ?? -1) + 1,
      blocks: (block?.number ?? -1) + 1,
      runs: (run?.run ?? -1) + 1,
      builders: [],
    }
  }

  /** All of the log that is in the tree, or a rest of less than a block, has a head now. */
  async #finish({ workspaceId }: Current, size: number): Promise<void> {
    if (!this.#hasHeads) this.note([workspaceId])
    else if (size > 0) this.#parts.onHead({ workspaceId, size, rootHash: await this.#root(workspaceId, size) })
    this.#current = undefined
  }

  async #root(workspaceId: WorkspaceId, size: number): Promise<Uint8Array> {
    try {
      return await new TiledTree(tileReader(this.#connection, workspaceId)).root(size)
    } catch (error) {
      if (this.#parts.database.isFailure(error)) throw error
      throw new GapError("an audit entry or a part of its tree is missing")
    }
  }

  /** Takes some entries of blocks that are whole, or writes some rows of the blocks that were taken. */
  async #extend(current: Current): Promise<void> {
    const { blocks, builders, size, workspaceId } = current
    const last = builders.at(-1)
    const wanted = blocks + builders.length
    if (last?.nextSeq !== undefined) return this.#fill(workspaceId, last)
    if (builders.length === blocksPerWrite || size < (wanted + 1) * tileWidth) return this.#write(current)
    const live = this.#live.take(workspaceId, wanted)
    const builder = live ?? new BlockBuilder(workspaceId, wanted)
    builders.push(builder)
    if (live === undefined) await this.#fill(workspaceId, builder)
  }

  async #fill(workspaceId: WorkspaceId, builder: BlockBuilder): Promise<void> {
    let [entries, bytes] = [0, 0]
    for (let from = builder.nextSeq; from !== undefined; from = builder.nextSeq) {
      if (entries >= entriesPerStep || bytes >= bytesPerStep) return
      const range = {
        workspaceId,
        from,
        to: (builder.number + 1) * tileWidth,
        limit: this.#parts.database.rowsPerQuery,
      }
      const rows = await this.#connection.all(queries.firstEntries, range)
      if (rows.length === 0) throw new GapError(`the audit entry ${from} is missing`)
      for (const row of rows) {
        builder.add(row)
        bytes += row.entry.length
      }
      entries += rows.length
    }
  }

  async #write(current: Current): Promise<void> {
    const { builders } = current
    await this.#parts.database.together(async () => {
      let written = 0
      for (const builder of builders) {
        if (written >= rowsPerStep) break
        written += await builder.write(this.#connection, rowsPerStep - written)
      }
    })
    while (builders[0]?.isWritten) {
      builders.shift()
      current.blocks++
    }
  }

  async #writeRun(current: Current): Promise<void> {
    const { workspaceId, runs: run } = current
    const tiles: Uint8Array[] = []
    for (let number = run * runBlocks; number < (run + 1) * runBlocks; number++) {
      const tile = await this.#connection.first(queries.tile, { workspaceId, level: 0, number })
      if (tile === undefined) throw new GapError(`the tile ${number} of the audit log is missing`)
      tiles.push(tile.hashes)
    }
    await this.#parts.database.together(async () => {
      for (const [bucket, leaves] of bucketsOf(tiles).entries()) {
        await this.#connection.run(queries.saveLeaves, { workspace_id: workspaceId, run, bucket, leaves })
      }
    })
    current.runs++
  }
}
