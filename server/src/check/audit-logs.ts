/** Audit logs (S12): numbered without gaps, each entry the one that was hashed, the tree made of them, the checkpoint signed over it. */
import { auditLeafHash } from "@halfkey/core/formats/audit-entry"
import { auditOrigin, isCheckpointSignedBy, parseCheckpoint } from "@halfkey/core/formats/checkpoint"
import type { WorkspaceId } from "@halfkey/core/formats/ids"
import { GrowingTree, treeHashLength } from "@halfkey/core/formats/merkle-tree"
import { fromUtf8 } from "@halfkey/core/primitives/bytes"
import { equalBytes } from "@halfkey/core/primitives/hash"
import { tileWidth } from "../domain/audit/tiles.ts"
import { firstEntries } from "../store/audit-queries.ts"
import { archiveRows, checkpointRows, tileRows } from "../store/check-queries.ts"
import type { Reader } from "../store/query.ts"
import type { CheckedWorkspace } from "./documents.ts"
import type { Findings } from "./finding.ts"

const tileHeight = 8

/** How many entries there are, those in archives aside. */
export async function checkAuditLog(reader: Reader, findings: Findings, workspace: CheckedWorkspace): Promise<number> {
  return await new LogCheck(reader, findings, workspace).run()
}

class LogCheck {
  readonly #reader: Reader
  readonly #findings: Findings
  readonly #workspace: CheckedWorkspace
  readonly #tree = new GrowingTree()
  /** Nodes that belong into tiles above level 0: by level of tiles, joined in their order. */
  readonly #nodes: Uint8Array[][] = []
  #rootOfCheckpoint: Uint8Array | undefined

  constructor(reader: Reader, findings: Findings, workspace: CheckedWorkspace) {
    this.#reader = reader
    this.#findings = findings
    this.#workspace = workspace
  }

  async run(): Promise<number> {
    const workspaceId = this.#workspace.id
    const [checkpoint] = await this.#reader.all(checkpointRows, { workspaceId })
    const size = checkpoint === undefined ? undefined : Number(checkpoint.size)
    if (size === 0) this.#rootOfCheckpoint = this.#tree.root()
    const archived = await this.#archivedEnd(workspaceId)
    const isWhole = await this.#readArchived(workspaceId, archived, size)
    const count = isWhole ? await this.#readEntries(workspaceId, archived, size) : 0
    if (isWhole) await this.#checkUpperTiles(workspaceId)
    if (checkpoint !== undefined && isWhole) this.#checkCheckpoint(checkpoint)
    return count
  }

  #add(place: string, problem: string): void {
    this.#findings.add("audit log", `workspace ${this.#workspace.id}${place}`, problem)
  }

  /** Entries before this one may be in files. */
  async #archivedEnd(workspaceId: WorkspaceId): Promise<number> {
    let end = 0
    for (const { first, last } of await this.#reader.all(archiveRows, { workspaceId })) {
      if (Number(first) !== end) this.#add(`, entry ${end}`, "it is in no archive, and later ones are")
      end = Number(last) + 1
    }
    return end
  }

  /** The leaves of entries that were moved into files: of these only their hashes are here. */
  async #readArchived(workspaceId: WorkspaceId, end: number, size: number | undefined): Promise<boolean> {
    for (let number = 0; number * tileWidth < end; number++) {
      const tile = await this.#tile(workspaceId, number)
      if (tile?.length !== tileWidth * treeHashLength) {
        this.#add(`, entry ${number * tileWidth}`, "the tree lacks the hashes of archived entries from here on")
        return false
      }
      for (let at = 0; at < tileWidth; at++)
        this.#append(tile.slice(at * treeHashLength, (at + 1) * treeHashLength), size)
    }
    return true
  }

  async #tile(workspaceId: WorkspaceId, number: number): Promise<Uint8Array | undefined> {
    const [row] = await this.#reader.all(tileRows, { workspaceId, level: 0, after: number - 1, limit: 1 })
    return Number(row?.number) === number ? row?.hashes : undefined
  }

  async #readEntries(workspaceId: WorkspaceId, from: number, size: number | undefined): Promise<number> {
    let next = from
    for (;;) {
      const page = { workspaceId, from: next, to: Number.MAX_SAFE_INTEGER, limit: tileWidth }
      const rows = await this.#reader.all(firstEntries, page)
      const leaves: Uint8Array[] = []
      for (const { seq, entry, leafHash } of rows) {
        const place = `, entry ${seq}`
        if (Number(seq) !== next) {
          this.#add(`, entry ${next}`, `it is missing: the next one is ${seq}`)
          return next - from
        }
        const leaf = auditLeafHash(entry)
        if (!equalBytes(leaf, leafHash)) this.#add(place, "it is not the one that was written: its hash differs")
        this.#findings.attempt("audit log", `workspace ${workspaceId}${place}`, () => JSON.parse(fromUtf8(entry)))
        leaves.push(leaf)
        this.#append(leaf, size)
        next++
      }
      if (rows.length === tileWidth) await this.#compareTile(workspaceId, next / tileWidth - 1, leaves)
      if (rows.length < tileWidth) return next - from
    }
  }

  #append(leaf: Uint8Array, size: number | undefined): void {
    this.#tree.append(leaf, (level, _index, hash) => {
      if (level === 0 || level % tileHeight !== 0) return
      const above = level / tileHeight
      this.#nodes[above] ??= []
      this.#nodes[above].push(hash)
    })
    if (this.#tree.size === size) this.#rootOfCheckpoint = this.#tree.root()
  }

  /** The newest full block may not be in the tree yet. */
  async #compareTile(workspaceId: WorkspaceId, number: number, leaves: readonly Uint8Array[]): Promise<void> {
    const tile = await this.#tile(workspaceId, number)
    if (tile === undefined) return
    const wrong = leaves.findIndex(
      (leaf, at) => !equalBytes(leaf, tile.subarray(at * treeHashLength, (at + 1) * treeHashLength)),
    )
    if (wrong >= 0) this.#add(`, entry ${number * tileWidth + wrong}`, "the tree has another one in its place")
  }

  async #checkUpperTiles(workspaceId: WorkspaceId): Promise<void> {
    for (const [level, nodes] of this.#nodes.entries()) {
      if (nodes === undefined) continue
      for (const { number, hashes } of await this.#reader.all(tileRows, {
        workspaceId,
        level,
        after: -1,
        limit: 1e9,
      })) {
        const first = Number(number) * tileWidth
        const expected = nodes.slice(first, first + hashes.length / treeHashLength)
        const isRight =
          expected.length * treeHashLength === hashes.length &&
          expected.every((hash, at) =>
            equalBytes(hash, hashes.subarray(at * treeHashLength, (at + 1) * treeHashLength)),
          )
        if (!isRight) this.#add(`, tile ${number} of level ${level}`, "it is not made of the entries")
      }
    }
  }

  #checkCheckpoint(row: { readonly incarnation: number; readonly size: number; readonly note: string }): void {
    const place = `, checkpoint of ${row.size} entries`
    const { id, auditIncarnation, rosters } = this.#workspace
    const read = this.#findings.attempt("audit log", `workspace ${id}${place}`, () => parseCheckpoint(row.note))
    if (read === undefined) return
    if (read.size !== Number(row.size)) this.#add(place, "its row has another size")
    if (read.origin !== auditOrigin(id, Number(row.incarnation)) || row.incarnation > auditIncarnation) {
      this.#add(place, "it is of another log")
    }
    if (this.#rootOfCheckpoint === undefined) this.#add(place, `there are ${this.#tree.size} entries only`)
    else if (!equalBytes(read.rootHash, this.#rootOfCheckpoint)) this.#add(place, "the entries make another tree")
    // For a moment after a roster named another key, the newest one is signed by the key of the roster before.
    if (!rosters.some(({ auditKey }) => isCheckpointSignedBy(read, auditKey)))
      this.#add(place, "its signature is wrong")
  }
}
