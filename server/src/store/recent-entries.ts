/** Audit entries that were just written, so that the sequencer need not read them again. Never all: what is missing is in the database. */
import type { WorkspaceId } from "@halfkey/core/formats/ids"

/** An entry as its row has it. */
export interface EntryRow {
  readonly seq: number
  /** Milliseconds since 1970. */
  readonly time: number
  readonly entry: Uint8Array
  /** 32 bytes. */
  readonly leafHash: Uint8Array
}

/** Above this everything is forgotten: the sequencer is behind, and will read what it needs. */
const bytesKept = 2 * 1024 * 1024
/** Beside the entry's own bytes, about. */
const bytesOfRow = 300

interface Queue {
  rows: EntryRow[]
  first: number
}

export class RecentEntries {
  readonly #queues = new Map<WorkspaceId, Queue>()
  #bytes = 0

  /** Ascending within each workspace, and only once they are on disk. How many of this workspace are here now. */
  add(workspaceId: WorkspaceId, rows: readonly EntryRow[]): number {
    const queue = this.#queues.get(workspaceId) ?? { rows: [], first: 0 }
    this.#queues.set(workspaceId, queue)
    for (const row of rows) {
      queue.rows.push(row)
      this.#bytes += row.entry.length + bytesOfRow
    }
    if (this.#bytes <= bytesKept) return queue.rows.length - queue.first
    this.#queues.clear()
    this.#bytes = 0
    return 0
  }

  /** The entry of this number, if it is here; those before it are forgotten. */
  take(workspaceId: WorkspaceId, seq: number): EntryRow | undefined {
    const queue = this.#queues.get(workspaceId)
    if (queue === undefined) return undefined
    let row = queue.rows[queue.first]
    while (row !== undefined && row.seq <= seq) {
      queue.first++
      this.#bytes -= row.entry.length + bytesOfRow
      if (row.seq === seq) break
      row = queue.rows[queue.first]
    }
    if (queue.first === queue.rows.length) this.#queues.delete(workspaceId)
    else if (queue.first >= 1024) {
      queue.rows = queue.rows.slice(queue.first)
      queue.first = 0
    }
    return row?.seq === seq ? row : undefined
  }

  /** The number of the first entry that is here. */
  next(workspaceId: WorkspaceId): number | undefined {
    const queue = this.#queues.get(workspaceId)
    return queue?.rows[queue.first]?.seq
  }
}
