import assert from "node:assert/strict"
import { test } from "node:test"
import { isConsistent, isIncluded } from "@halfkey/core/formats/merkle-proof"
import { nodeHash, treeRoot } from "@halfkey/core/formats/merkle-tree"
import { sha256 } from "@halfkey/core/primitives/hash"
import { foldHashes, TiledTree, type TileReader, tileWidth } from "./tiles.ts"

const leafCount = 70_000
const leaves = Array.from({ length: leafCount }, (_, index) => sha256(new TextEncoder().encode(`leaf ${index}`)))

function joined(hashes: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(hashes.length * 32)
  for (const [index, hash] of hashes.entries()) bytes.set(hash, index * 32)
  return bytes
}

const known = new Map<number, Uint8Array>()

/** RFC 6962, as its section 2.1 defines it. Only remembers, since trees share most of their parts. */
function naiveRoot(from: number, to: number): Uint8Array {
  const size = to - from
  if (size === 1) return leaves[from] as Uint8Array
  const key = from * 2 ** 20 + to
  const before = known.get(key)
  if (before !== undefined) return before
  let split = 1
  while (split * 2 < size) split *= 2
  const root = nodeHash(naiveRoot(from, from + split), naiveRoot(from + split, to))
  known.set(key, root)
  return root
}

/** Tiles as the sequencer stores them for a log of this size. */
function levelsOf(size: number): Uint8Array[][] {
  const levels: Uint8Array[][] = [leaves.slice(0, size - (size % tileWidth))]
  for (let level = 0; (levels[level]?.length ?? 0) >= tileWidth; level++) {
    const below = levels[level] ?? []
    const above: Uint8Array[] = []
    for (let at = 0; at + tileWidth <= below.length; at += tileWidth) {
      above.push(foldHashes(joined(below.slice(at, at + tileWidth)), 0, tileWidth))
    }
    levels.push(above)
  }
  return levels
}

const fullLevels = levelsOf(leafCount)

function readerOf(size: number): TileReader & { asked: number } {
  const levels = size === leafCount ? fullLevels : levelsOf(size)
  return {
    asked: 0,
    async tile(level, number) {
      this.asked++
      const hashes = levels[level]?.slice(number * tileWidth, (number + 1) * tileWidth) ?? []
      return hashes.length === 0 ? undefined : joined(hashes)
    },
    leafHashes: async (from, to) => joined(leaves.slice(from, Math.min(to, size))),
  }
}

const sizes = [1, 2, 3, 7, 255, 256, 257, 511, 512, 513, 1000, 65_535, 65_536, 65_537, 66_000, leafCount]

test("roots are those of the naive tree, at every size around the edges of tiles", async () => {
  for (const size of sizes) {
    const root = await new TiledTree(readerOf(size)).root(size)
    assert.deepEqual(root, naiveRoot(0, size), `size ${size}`)
    if (size % 256 < 2) assert.deepEqual(root, treeRoot(leaves.slice(0, size)), `size ${size}`)
  }
})

test("the tiles of a larger log give the roots of every earlier size", async () => {
  const reader = readerOf(leafCount)
  for (const size of [...sizes, 12_345, 54_321]) {
    assert.deepEqual(await new TiledTree(reader).root(size), naiveRoot(0, size), `size ${size}`)
  }
})

test("inclusion proofs lead to the root, and read a handful of tiles", async () => {
  for (const size of sizes) {
    const root = naiveRoot(0, size)
    for (const index of new Set([0, 1, size >> 1, size - 2, size - 1].filter((each) => each >= 0 && each < size))) {
      const reader = readerOf(leafCount)
      const proof = await new TiledTree(reader).inclusion(index, size)
      assert.ok(isIncluded(leaves[index] as Uint8Array, index, size, proof, root), `${index} in ${size}`)
      assert.ok(!isIncluded(leaves[index + 1] ?? root, index, size, proof, root))
      assert.ok(reader.asked <= 8, `${reader.asked} tiles for ${index} in ${size}`)
    }
  }
})

test("consistency proofs hold between all sizes, and not for another beginning", async () => {
  const reader = readerOf(leafCount)
  for (const to of sizes) {
    for (const from of sizes.filter((each) => each <= to)) {
      const proof = await new TiledTree(reader).consistency(from, to)
      assert.ok(isConsistent(from, to, naiveRoot(0, from), naiveRoot(0, to), proof), `${from} to ${to}`)
      if (from < to) assert.ok(!isConsistent(from, to, sha256(naiveRoot(0, from)), naiveRoot(0, to), proof))
    }
  }
})

test("a leaf or a size that is not there is refused", async () => {
  const tree = new TiledTree(readerOf(300))
  await assert.rejects(tree.inclusion(300, 300), RangeError)
  await assert.rejects(tree.consistency(300, 299), RangeError)
  await assert.rejects(tree.root(301))
})
