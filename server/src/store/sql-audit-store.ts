/** The audit log over any SQL database: what is read of it, and by name what is written. */

import type { WorkspaceId } from "@halfkey/core/formats/ids"
import { treeHashLength } from "@halfkey/core/formats/merkle-tree"
import type { AuditArchive, AuditFilter, AuditPage, AuditStore, CheckpointRow } from "../domain/audit/audit-store.ts"
import { type TileReader, tileWidth } from "../domain/audit/tiles.ts"
import type { AuditRecord } from "../domain/store.ts"
import { placesIn, runBlocks } from "./audit-leaves.ts"
import * as queries from "./audit-queries.ts"
import { AuditSearch } from "./audit-search.ts"
import type { Writer } from "./operations/operations.ts"
import type { Reader } from "./query.ts"

export class SqlAuditStore implements AuditStore {
  readonly #reader: Reader
  readonly #writer: Writer

  constructor(reader: Reader, writer: Writer) {
    this.#reader = reader
    this.#writer = writer
  }

  entries(workspaceId: WorkspaceId, filter: AuditFilter, page: AuditPage) {
    return new AuditSearch(this.#reader, workspaceId, filter, page).run()
  }

  tiles(workspaceId: WorkspaceId) {
    return tileReader(this.#reader, workspaceId)
  }

  async indexOf(workspaceId: WorkspaceId, leafHash: Uint8Array) {
    const runs = ((await this.#reader.first(queries.lastRun, { workspaceId }))?.run ?? -1) + 1
    for (let run = runs - 1; run >= 0; run--) {
      const bucket = await this.#reader.first(queries.leaves, { workspaceId, run, bucket: leafHash[0] ?? 0 })
      for (const place of placesIn(bucket?.leaves ?? new Uint8Array(0), leafHash)) {
        const number = run * runBlocks + Math.floor(place / tileWidth)
        const found = await this.#inTile(workspaceId, number, leafHash)
        if (found !== undefined) return found
      }
    }
    return this.#inNoRun(workspaceId, runs * runBlocks, leafHash)
  }

  async #inNoRun(workspaceId: WorkspaceId, firstBlock: number, leafHash: Uint8Array) {
    const blocks = ((await this.#reader.first(queries.lastBlock, { workspaceId }))?.number ?? -1) + 1
    for (let number = firstBlock; number < blocks; number++) {
      const found = await this.#inTile(workspaceId, number, leafHash)
      if (found !== undefined) return found
    }
    const from = blocks * tileWidth
    const tail = await tileReader(this.#reader, workspaceId).leafHashes(from, Number.MAX_SAFE_INTEGER)
    const place = placeIn(tail, leafHash)
    return place === undefined ? undefined : from + place
  }

  async #inTile(workspaceId: WorkspaceId, number: number, leafHash: Uint8Array) {
    const tile = await this.#reader.first(queries.tile, { workspaceId, level: 0, number })
    const place = tile && placeIn(tile.hashes, leafHash)
    return place === undefined ? undefined : number * tileWidth + place
  }

  checkpoint(workspaceId: WorkspaceId) {
    return this.#reader.first(queries.checkpoint, { workspaceId })
  }

  async incarnation(workspaceId: WorkspaceId) {
    return (await this.#reader.first(queries.incarnation, { workspaceId }))?.incarnation
  }

  async roster(workspaceId: WorkspaceId) {
    return (await this.#reader.first(queries.newestRoster, { workspaceId }))?.json
  }

  saveCheckpoint(workspaceId: WorkspaceId, row: CheckpointRow) {
    return this.#writer.run("saveCheckpoint", workspaceId, row)
  }

  async streamed(stream: string, workspaceId: WorkspaceId) {
    return (await this.#reader.first(queries.cursor, { workspaceId, stream }))?.next ?? 0
  }

  async workspaces() {
    return (await this.#reader.all(queries.workspaceIds, {})).map(({ id }) => id)
  }

  async blocksBefore(workspaceId: WorkspaceId, time: number) {
    const archives = await this.#reader.all(queries.archives, { workspaceId })
    const first = (archives.at(-1)?.last ?? -1) + 1
    const last = (await this.#reader.first(queries.lastSeq, { workspaceId }))?.seq ?? -1
    const from = first / tileWidth
    const to = Math.max(from, Math.floor(last / tileWidth))
    const later = await this.#reader.first(queries.firstLaterBlock, { workspaceId, from, to, time })
    const blocks = ((await this.#reader.first(queries.lastBlock, { workspaceId }))?.number ?? -1) + 1
    return { first, end: Math.min(later?.number ?? to, blocks) * tileWidth }
  }

  archive(audit: AuditRecord, archive: AuditArchive) {
    return this.#writer.run("archiveAudit", audit, archive)
  }

  async forgettableBlocks(workspaceId: WorkspaceId) {
    const archives = await this.#reader.all(queries.archives, { workspaceId })
    const end = ((archives.at(-1)?.last ?? -1) + 1) / tileWidth
    const range = { workspaceId, from: 0, to: end * tileWidth, limit: 1 }
    const [row] = await this.#reader.all(queries.firstEntries, range)
    return { first: row === undefined ? end : Math.floor(row.seq / tileWidth), end }
  }

  forgetBlock(workspaceId: WorkspaceId, block: number) {
    return this.#writer.run("forgetBlock", workspaceId, block)
  }

  saveStreamed(stream: string, workspaceId: WorkspaceId, next: number) {
    return this.#writer.run("saveStreamed", workspaceId, { stream, next })
  }
}

/** Tiles and leaf hashes as they are in the database. */
export function tileReader(reader: Reader, workspaceId: WorkspaceId): TileReader {
  return {
    tile: async (level, number) => (await reader.first(queries.tile, { workspaceId, level, number }))?.hashes,
    leafHashes: async (from, to) => {
      const rows = await reader.all(queries.leafHashes, { workspaceId, from, to })
      const joined = new Uint8Array(rows.length * treeHashLength)
      for (const [index, { leafHash }] of rows.entries()) joined.set(leafHash, index * treeHashLength)
      return joined
    },
  }
}

/** Which of the joined hashes it is. */
function placeIn(hashes: Uint8Array, hash: Uint8Array): number | undefined {
  const bytes = Buffer.from(hashes.buffer, hashes.byteOffset, hashes.byteLength)
  for (let at = bytes.indexOf(hash); at >= 0; at = bytes.indexOf(hash, at + 1)) {
    if (at % treeHashLength === 0) return at / treeHashLength
  }
  return undefined
}
