/**
 * The Merkle tree of RFC 6962 in tiles of height 8 (S12): tile `(level, number)` holds the roots of perfect subtrees of
 * `256^level` leaves each, from subtree `256 · number` on, up to 256 of them. So a proof of a tree of a million leaves
 * needs six tiles at most, and whoever has the tiles needs no entries.
 */
import { consistencyProof, inclusionProof, type NodeSource } from "@halfkey/core/formats/merkle-proof"
import { emptyTreeHash, nodeHash, treeHashLength } from "@halfkey/core/formats/merkle-tree"

const tileHeight = 8
/** Hashes of a full tile; entries of a block. */
export const tileWidth = 2 ** tileHeight

/** Where the tree's hashes are kept. */
export interface TileReader {
  /** Joined hashes, 32 bytes each; `undefined` where nothing is stored. Of level 0 only full tiles are stored. */
  tile(level: number, number: number): Promise<Uint8Array | undefined>
  /** Joined leaf hashes of the entries from `from` to before `to`, which are in no tile yet. */
  leafHashes(from: number, to: number): Promise<Uint8Array>
}

/** Root of the perfect subtree over `count` joined hashes (a power of two) from the hash `first` on. */
export function foldHashes(hashes: Uint8Array, first: number, count: number): Uint8Array {
  let row: Uint8Array[] = []
  for (let at = first; at < first + count; at++) {
    row.push(hashes.subarray(at * treeHashLength, (at + 1) * treeHashLength))
  }
  while (row.length > 1) {
    const above: Uint8Array[] = []
    for (let at = 0; at < row.length; at += 2) above.push(nodeHash(row[at] as Uint8Array, row[at + 1] as Uint8Array))
    row = above
  }
  const [root] = row
  if (root?.length !== treeHashLength) throw new Error("a tile is shorter than the tree needs")
  return new Uint8Array(root)
}

/** Answers for trees of every size up to what the reader has. Reads each tile once: make one for each question. */
export class TiledTree {
  readonly #reader: TileReader
  readonly #tiles = new Map<string, Uint8Array>()

  constructor(reader: TileReader) {
    this.#reader = reader
  }

  /** The root of the first `size` leaves, 32 bytes. */
  async root(size: number): Promise<Uint8Array> {
    let root: Uint8Array | undefined
    let [rest, end] = [size, size]
    // The perfect subtrees from right to left, smallest first.
    for (let level = 0; rest > 0; level++, rest = Math.floor(rest / 2)) {
      if (rest % 2 === 0) continue
      end -= 2 ** level
      const peak = await this.node(level, end / 2 ** level)
      root = root === undefined ? peak : nodeHash(peak, root)
    }
    return root ?? emptyTreeHash
  }

  /** RFC 6962, 2.1.1. Throws `RangeError` for a leaf that is not in the tree. */
  inclusion(index: number, size: number): Promise<Uint8Array[]> {
    return this.#proof((source) => inclusionProof(index, size, source))
  }

  /** RFC 6962, 2.1.2. Throws `RangeError` for a tree that shrinks. */
  consistency(from: number, to: number): Promise<Uint8Array[]> {
    return this.#proof((source) => consistencyProof(from, to, source))
  }

  /** The root of the leaves from `index · 2^level` on, `2^level` many. */
  async node(level: number, index: number): Promise<Uint8Array> {
    const tileLevel = Math.floor(level / tileHeight)
    const count = 2 ** (level % tileHeight)
    const first = index * count
    const hashes = await this.#tile(tileLevel, Math.floor(first / tileWidth))
    if (hashes !== undefined) return foldHashes(hashes, first % tileWidth, count)
    if (tileLevel > 0) throw new Error("the tree has not grown so far")
    return foldHashes(await this.#reader.leafHashes(first, first + count), 0, count)
  }

  async #tile(level: number, number: number): Promise<Uint8Array | undefined> {
    const key = `${level} ${number}`
    const hashes = this.#tiles.get(key) ?? (await this.#reader.tile(level, number))
    if (hashes !== undefined) this.#tiles.set(key, hashes)
    return hashes
  }

  /** Proofs are made from nodes at hand: once to see which are asked for, then with what was read. */
  async #proof(make: (source: NodeSource) => Uint8Array[]): Promise<Uint8Array[]> {
    const wanted = new Map<string, readonly [level: number, index: number]>()
    make((level, index) => {
      wanted.set(`${level} ${index}`, [level, index])
      return emptyTreeHash
    })
    const nodes = new Map<string, Uint8Array>()
    for (const [key, [level, index]] of wanted) nodes.set(key, await this.node(level, index))
    return make((level, index) => nodes.get(`${level} ${index}`) as Uint8Array)
  }
}
